// weights.hpp: random weight matrices of every type in their checkpoint's layout, and their packed form.
#pragma once

#include <cmath>
#include <cstdlib>
#include <memory>
#include <vector>

#include "../half.hpp"
#include "../packed.hpp"
#include "../pool.hpp"
#include "../source_row.hpp"
#include "check.hpp"
#include "isas.hpp"

namespace gatun::test {

struct TypeName {
  int32_t dtype;
  const char *name;
};

inline const std::vector<TypeName> kTypes = {
    {GK_Q4_0, "Q4_0"},     {GK_Q4_1, "Q4_1"},     {GK_Q5_0, "Q5_0"}, {GK_Q5_1, "Q5_1"}, {GK_Q8_0, "Q8_0"},
    {GK_Q2_K, "Q2_K"},     {GK_Q3_K, "Q3_K"},     {GK_Q4_K, "Q4_K"}, {GK_Q5_K, "Q5_K"}, {GK_Q6_K, "Q6_K"},
    {GK_IQ4_NL, "IQ4_NL"}, {GK_IQ4_XS, "IQ4_XS"}, {GK_AWQ, "AWQ"},   {GK_GPTQ, "GPTQ"}, {GK_F32, "F32"},
    {GK_F16, "F16"},       {GK_BF16, "BF16"},     {GK_F8, "F8"}};

struct Free {
  void operator()(void *p) const { std::free(p); }
};

// 64-byte aligned, of exactly `bytes` bytes, so that a sanitizer sees one too many.
inline std::unique_ptr<uint8_t, Free> alignedBytes(int64_t bytes) {
  void *p = nullptr;
  if (posix_memalign(&p, GK_ALIGNMENT, static_cast<size_t>(bytes > 0 ? bytes : 1)) != 0) std::abort();
  return std::unique_ptr<uint8_t, Free>(static_cast<uint8_t *>(p));
}

inline uint16_t randomHalf(Random &random, float size) { return cpu::f32ToF16(size * random.uniform()); }

// Float8 e4m3fn by its definition; not for 0x7f and 0xff.
inline float f8ToF32(uint8_t code) {
  const int exponent = code >> 3 & 15, mantissa = code & 7;
  const float size = exponent == 0 ? std::ldexp(float(mantissa), -9) : std::ldexp(float(8 + mantissa), exponent - 10);
  return code & 0x80 ? -size : size;
}

// A stack of matrices: `experts` x rows x cols. Holds the checkpoint's bytes, the packed form and the exact weights.
class Weights {
 public:
  Weights(cpu::Pool &pool, int32_t dtype, int64_t rows, int64_t cols, int64_t experts, uint64_t seed,
          int32_t group = 32, bool actOrder = false)
      : exact(static_cast<size_t>(experts * rows * cols)) {
    Random random(seed);
    const bool grouped = dtype == GK_AWQ || dtype == GK_GPTQ;
    packed.dtype = dtype, packed.group = grouped ? group : dtype == GK_F8 ? GK_SQUARE : 0;
    packed.rows = rows, packed.cols = cols, packed.experts = experts;
    source = {nullptr, nullptr, nullptr, nullptr, rows, cols, dtype, packed.group, dtype == GK_GPTQ ? 1 : 0, 0};
    packed.expert_stride = cpu::packedBytes(source);
    bytes_ = alignedBytes(packed.expert_stride * experts);
    packed.data = bytes_.get();
    for (int64_t e = 0; e < experts; e++) {
      float *to = exact.data() + e * rows * cols;
      if (grouped) {
        makeGroups(random, to, actOrder);
      } else if (dtype == GK_F8) {
        makeSquares(random, to);
      } else {
        makeBlocks(random, to);
      }
      cpu::pack(pool, source, bytes_.get() + e * packed.expert_stride);
    }
  }

  gk_source source;  // of the last matrix
  gk_weight packed{};
  std::vector<float> exact;
  std::vector<int32_t> order;

 private:
  void makeBlocks(Random &random, float *to) {
    const cpu::Format format = cpu::formatOf(source.dtype);
    const int64_t blocks = source.rows * source.cols / format.blockColumns;
    data_.resize(static_cast<size_t>(blocks * format.blockBytes));
    for (uint8_t &byte : data_) byte = static_cast<uint8_t>(random.next());
    for (int64_t b = 0; b < blocks; b++) {
      uint8_t *block = data_.data() + b * format.blockBytes;
      const auto half = [&](int at, float size) {
        const uint16_t bits = randomHalf(random, size);
        std::memcpy(block + at, &bits, 2);
      };
      switch (source.dtype) {
        case GK_F32: {
          const float value = random.uniform();
          std::memcpy(block, &value, 4);
          break;
        }
        case GK_F16:
          half(0, 1.0f);
          break;
        case GK_BF16:
          block[1] = static_cast<uint8_t>((block[1] & 0x80) | 0x3e);
          break;
        case GK_Q2_K:
          half(80, 0.02f), half(82, 0.02f);
          break;
        case GK_Q3_K:
          half(108, 0.01f);
          break;
        case GK_Q6_K:
          half(208, 0.001f);
          break;
        case GK_Q4_K:
        case GK_Q5_K:
          half(0, 0.003f), half(2, 0.003f);
          break;
        case GK_Q4_1:
        case GK_Q5_1:
          half(0, 0.1f), half(2, 1.0f);
          break;
        default:
          half(0, source.dtype == GK_IQ4_XS ? 0.001f : 0.01f);
          break;
      }
    }
    source.data = data_.data();
    const int64_t rowBytes = source.cols / format.blockColumns * format.blockBytes;
    for (int64_t r = 0; r < source.rows; r++)
      cpu::dequantizeRow(source.dtype, data_.data() + r * rowBytes, source.cols, to + r * source.cols);
  }

  // Every code but those of what is not a number.
  void makeSquares(Random &random, float *to) {
    const int64_t cols = source.cols, across = (cols + GK_SQUARE - 1) / GK_SQUARE;
    data_.resize(static_cast<size_t>(source.rows * cols));
    scales_.resize(static_cast<size_t>((source.rows + GK_SQUARE - 1) / GK_SQUARE * across));
    for (float &scale : scales_) scale = 0.01f * random.uniform();
    for (uint8_t &byte : data_) {
      do byte = static_cast<uint8_t>(random.next());
      while ((byte & 0x7f) == 0x7f);
    }
    for (int64_t i = 0; i < source.rows * cols; i++) {
      const int64_t square = i / cols / GK_SQUARE * across + i % cols / GK_SQUARE;
      to[i] = f8ToF32(data_[size_t(i)]) * scales_[size_t(square)];
    }
    source.data = data_.data(), source.scales = scales_.data();
  }

  // w = scale * (code - zero), written from the layouts' definitions: AWQ's word c of a column holds rows
  // 8 c + {0, 2, 4, 6, 1, 3, 5, 7} from the low nibble up; GPTQ's word c of a row holds columns 8 c .. 8 c + 7.
  void makeGroups(Random &random, float *to, bool actOrder) {
    const int64_t rows = source.rows, cols = source.cols, groups = cols / source.group;
    const int awq[8] = {0, 2, 4, 6, 1, 3, 5, 7};
    words_.resize(static_cast<size_t>(rows * cols / 8));
    zeros_.resize(static_cast<size_t>(groups * rows / 8));
    halves_.resize(static_cast<size_t>(groups * rows));
    for (uint32_t &w : words_) w = random.next() << 16 ^ random.next();
    for (uint32_t &z : zeros_) z = random.next() << 16 ^ random.next();
    for (uint16_t &h : halves_) h = randomHalf(random, 0.1f);
    order.clear();
    if (actOrder) {
      for (int32_t j = 0; j < cols; j++) order.push_back(j);
      for (int64_t j = cols - 1; j > 0; j--) std::swap(order[size_t(j)], order[size_t(random.below(int(j + 1)))]);
    }
    source.data = words_.data(), source.zeros = zeros_.data(), source.scales = halves_.data();
    source.order = actOrder ? order.data() : nullptr;
    for (int64_t c = 0; c < cols; c++) {
      for (int64_t r = 0; r < rows; r++) {
        const int64_t from = actOrder ? order[size_t(c)] : c, g = c / source.group;
        int64_t nibble = r % 8;
        uint32_t word = words_[size_t(from / 8 * rows + r)] >> (4 * (from % 8));
        if (source.dtype == GK_AWQ) {
          while (awq[nibble] != r % 8) nibble = (nibble + 1) % 8;
          word = words_[size_t((c * rows + r) / 8)] >> (4 * nibble);
        }
        const uint32_t zero = (zeros_[size_t((g * rows + r) / 8)] >> (4 * nibble) & 15) + uint32_t(source.zero_offset);
        to[r * cols + c] = cpu::f16ToF32(halves_[size_t(g * rows + r)]) * float(int(word & 15) - int(zero));
      }
    }
  }

  std::vector<uint8_t> data_;
  std::vector<uint32_t> words_, zeros_;
  std::vector<uint16_t> halves_;
  std::vector<float> scales_;
  std::unique_ptr<uint8_t, Free> bytes_;
};

inline gk_tensor tensor(std::vector<float> &data, int64_t rows, int64_t cols) {
  data.resize(static_cast<size_t>(rows * cols));
  return {data.data(), rows, cols, cols, GK_F32, 0};
}

// Activations in every form.
struct Inputs {
  Inputs(cpu::Pool &pool, int64_t rows, int64_t cols, uint64_t seed) {
    Random random(seed);
    fp32 = tensor(floats, rows, cols);
    for (float &x : floats) x = random.uniform() * (random.below(50) == 0 ? 8.0f : 1.0f);
    int8 = quantized(pool, GK_A8, bytes8_);
    int16 = quantized(pool, GK_A16, bytes16_);
  }
  // What `x`, one of the integer forms, stands for.
  static double value(const gk_tensor &x, int64_t row, int64_t col) {
    const bool wide = x.dtype == GK_A16;
    const uint8_t *block = static_cast<const uint8_t *>(x.data) + (row * x.cols + col) / 32 * (wide ? 76 : 40);
    const auto digit = [&](int at) { return static_cast<int8_t>(block[at + col % 32]); };
    float scale;
    std::memcpy(&scale, block, 4);
    return double(scale) * (wide ? 254 * digit(12) + digit(44) : digit(8));
  }
  // Row r of a form alone.
  static gk_tensor row(gk_tensor x, int64_t r) {
    const int64_t bytes = x.dtype == GK_F32 ? x.stride * 4 : x.cols / 32 * (x.dtype == GK_A16 ? 76 : 40);
    x.data = static_cast<uint8_t *>(x.data) + r * bytes, x.rows = 1;
    return x;
  }
  std::vector<float> floats;
  gk_tensor fp32, int8, int16;

 private:
  gk_tensor quantized(cpu::Pool &pool, int32_t dtype, std::unique_ptr<uint8_t, Free> &bytes) const {
    bytes = alignedBytes(fp32.rows * fp32.cols / 32 * (dtype == GK_A16 ? 76 : 40));
    const gk_tensor y = {bytes.get(), fp32.rows, fp32.cols, fp32.cols, dtype, 0};
    cpu::plain::quantize(pool, fp32, y);
    return y;
  }
  std::unique_ptr<uint8_t, Free> bytes8_, bytes16_;
};

}  // namespace gatun::test
