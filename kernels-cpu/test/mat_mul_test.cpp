// mat_mul_test.cpp: mat_mul and gate_up of every type on every instruction set, against double precision and against
// each other.
//
// Bounds. Let S be the sum of the absolute terms of a result. In fp32 every term passes at most cols / 4 + 3 roundings,
// so the error is at most (cols / 4 + 3) eps S, eps = 2^-24. With integer activations the products are exact and a
// block passes at most 4 roundings before the sum and 2 (2 + with minima) a block within it: (4 + 4 cols / 32) eps S,
// where S counts a weight's scale * code and shift apart, since they are added apart.
#include <cmath>

#include "weights.hpp"

using namespace gatun;
using namespace gatun::test;

namespace {

constexpr double kEps = 0x1p-24;

// y (tokens, rows) by `op` on every instruction set, for several token counts and threads: all bit-equal.
template <class Op>
void testSame(const char *name, const char *kind, const gk_tensor &x, int64_t rows, const std::vector<float> &expected,
              Op op) {
  cpu::Pool one(1), three(3);
  std::vector<float> y;
  for (const Isa &isa : isas()) {
    for (const int64_t tokens : {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 19, 20}) {
      gk_tensor part = x;
      part.rows = tokens;
      const int64_t stride = rows + 3;
      for (cpu::Pool *pool : {&one, &three}) {
        y.assign(static_cast<size_t>(tokens * stride), -7.0f);
        op(*pool, isa, part, gk_tensor{y.data(), tokens, rows, stride, GK_F32, 0});
        bool same = true, kept = true;
        for (int64_t t = 0; t < tokens; t++) {
          same &= std::memcmp(&y[size_t(t * stride)], &expected[size_t(t * rows)], size_t(rows) * 4) == 0;
          for (int64_t i = rows; i < stride; i++) kept &= y[size_t(t * stride + i)] == -7.0f;
        }
        CHECK(same, "%s %s %s, %ld tokens, %d threads", isa.name, name, kind, long(tokens), pool->threads());
        CHECK(kept, "%s %s %s wrote beyond its rows", isa.name, name, kind);
      }
    }
  }
}

// y = weights * x, integers, on every instruction set against double precision. y: room for all of x's rows.
template <class Op>
void testIntegers(const TypeName &type, const Weights &w, const gk_tensor &x, std::vector<float> &y, Op matMul) {
  const char *kind = x.dtype == GK_A16 ? "int16" : "int8";
  const int64_t rows = w.packed.rows, cols = w.packed.cols;
  cpu::Pool pool(1);
  matMul(pool, isas()[0], x, tensor(y, x.rows, rows));
  const float largest =
      cpu::hasShift(cpu::formatOf(type.dtype).scales) ? 2.0f : 1.0f;  // |scale code| + |shift| to |weight|
  for (int64_t t = 0; t < x.rows; t++) {
    for (int64_t r = 0; r < rows; r++) {
      double sum = 0, size = 0, weights = 0, activations = 0;
      for (int64_t c = 0; c < cols; c++) {
        const double weight = double(w.exact[size_t(r * cols + c)]), a = Inputs::value(x, t, c);
        sum += weight * a, size += std::fabs(weight * a);
        weights = std::max(weights, std::fabs(weight)), activations += std::fabs(a);
      }
      // A shift is at most the largest weight of its run plus scale * code: bounded by the row's largest weight.
      if (largest > 1) size += 2 * weights * activations;
      const double error = std::fabs(double(y[size_t(t * rows + r)]) - sum);
      const double bound = (4 + 4 * double(cols) / 32) * kEps * size;
      CHECK(error <= bound, "%s %s row %ld token %ld: %g > %g", type.name, kind, long(r), long(t), error, bound);
    }
  }
  testSame(type.name, kind, x, rows, y, matMul);
}

void testType(const TypeName &type, int64_t rows, int64_t cols, int32_t group) {
  constexpr int64_t tokens = 20;
  cpu::Pool pool(1);
  const Weights w(pool, type.dtype, rows, cols, 1, 11, group, type.dtype == GK_GPTQ);
  const bool int8 = cpu::formatOf(type.dtype).bits > 0;
  const Inputs in(pool, tokens, (cols + 31) / 32 * 32, 5);
  gk_tensor x32 = in.fp32;
  x32.cols = cols;
  std::vector<float> y;
  const gk_tensor out = tensor(y, tokens, rows);
  const auto matMul = [&](cpu::Pool &p, const Isa &isa, const gk_tensor &x, const gk_tensor &to) {
    isa.matMul(p, w.packed, x, to);
  };

  isas()[0].matMul(pool, w.packed, x32, out);
  for (int64_t t = 0; t < tokens; t++) {
    for (int64_t r = 0; r < rows; r++) {
      double sum = 0, size = 0;
      for (int64_t c = 0; c < cols; c++) {
        const double term = double(w.exact[size_t(r * cols + c)]) * double(in.floats[size_t(t * x32.stride + c)]);
        sum += term, size += std::fabs(term);
      }
      const double error = std::fabs(double(y[size_t(t * rows + r)]) - sum),
                   bound = (double(cols) / 4 + 3) * kEps * size;
      CHECK(error <= bound, "%s fp32 row %ld token %ld: %g > %g", type.name, long(r), long(t), error, bound);
    }
  }
  testSame(type.name, "fp32", x32, rows, y, matMul);
  if (!int8) return;

  for (const gk_tensor &x : {in.int8, in.int16}) testIntegers(type, w, x, y, matMul);
}

// silu(gate) * up against mat_mul's own results, in double precision.
void testGateUp() {
  constexpr int64_t rows = 40, cols = 256, tokens = 20;
  cpu::Pool pool(1);
  const Weights gate(pool, GK_Q4_1, rows, cols, 1, 1), up(pool, GK_Q4_1, rows, cols, 1, 2);
  const Inputs in(pool, tokens, cols, 5);
  for (const gk_tensor &x : {in.fp32, in.int8, in.int16}) {
    std::vector<float> a, b, y;
    const gk_tensor outA = tensor(a, tokens, rows), outB = tensor(b, tokens, rows), out = tensor(y, tokens, rows);
    isas()[0].matMul(pool, gate.packed, x, outA);
    isas()[0].matMul(pool, up.packed, x, outB);
    isas()[0].gateUp(pool, gate.packed, up.packed, x, out);
    for (size_t i = 0; i < y.size(); i++) {
      const double g = a[i], expected = g / (1 + std::exp(-g)) * b[i];
      // silu: exp within 2 eps relative of its own value, one sum, one quotient, one product: 8 eps at most.
      CHECK(std::fabs(y[i] - expected) <= 8 * kEps * std::fabs(expected) + 1e-30, "%zu: %g, expected %g", i,
            double(y[i]), expected);
    }
    const char *kind = x.dtype == GK_A8 ? "gate_up int8" : x.dtype == GK_A16 ? "gate_up int16" : "gate_up fp32";
    testSame("Q4_1", kind, x, rows, y, [&](cpu::Pool &p, const Isa &isa, const gk_tensor &from, const gk_tensor &to) {
      isa.gateUp(p, gate.packed, up.packed, from, to);
    });
  }
}

// Enough tokens and rows for several groups, chunks and threads at once.
void testLarge() {
  constexpr int64_t rows = 600, cols = 512, tokens = 512;
  cpu::Pool one(1), four(4);
  const Weights w(one, GK_Q6_K, rows, cols, 1, 4);
  const Inputs in(one, tokens, cols, 6);
  std::vector<float> y;
  for (const gk_tensor &x : {in.fp32, in.int8, in.int16}) {
    for (const Isa &isa : isas()) {
      const gk_tensor out = tensor(y, tokens, rows);
      isa.matMul(four, w.packed, x, out);
      std::vector<float> single(rows);
      for (const int64_t t : {int64_t{0}, int64_t{15}, int64_t{16}, int64_t{300}, tokens - 1}) {
        isas()[0].matMul(one, w.packed, Inputs::row(x, t), gk_tensor{single.data(), 1, rows, rows, GK_F32, 0});
        CHECK(std::memcmp(single.data(), &y[size_t(t * rows)], size_t(rows) * 4) == 0, "%s type %d token %ld", isa.name,
              x.dtype, long(t));
      }
    }
  }
}

// gk_quantize by its definition; ties, zeros, and the ends of fp32's range.
void testQuantize(int32_t dtype) {
  const bool wide = dtype == GK_A16;
  const float limit = wide ? 32385.0f : 127.0f;
  const int64_t blockBytes = wide ? 76 : 40;
  constexpr int64_t rows = 9, cols = 96;
  std::vector<float> data;
  const gk_tensor x = tensor(data, rows, cols);
  Random random(3);
  for (float &v : data) v = random.uniform();
  const float sizes[rows] = {1, 127, 0, 1e-30f, 3e38f, 1e-38f, 1e-43f, 1e-45f, 254};
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t c = 0; c < cols; c++) data[size_t(r * cols + c)] *= sizes[r];
  }
  for (int c = 0; c < 32; c++) data[size_t(c)] = float(c) - 15.5f;  // scale 0.125 after the next line: ties
  data[0] = 127.0f / 8;
  for (int c = 0; c < 32; c++) data[size_t(32 + c)] = float(127 * (2 * c - 31));  // scale 1 of A16: ties of the digits
  for (int c = 32; c < 34; c++) data[size_t(c)] = c % 2 == 0 ? 32385.0f : -32385.0f;
  cpu::Pool pool(2);
  for (const Isa &isa : isas()) {
    auto bytes = alignedBytes(rows * cols / 32 * blockBytes);
    isa.quantize(pool, x, {bytes.get(), rows, cols, cols, dtype, 0});
    for (int64_t b = 0; b < rows * cols / 32; b++) {
      const uint8_t *block = bytes.get() + b * blockBytes;
      const float *v = &data[size_t(b * 32)];
      float scale, most = 0;
      std::memcpy(&scale, block, 4);
      for (int i = 0; i < 32; i++) most = std::fmax(most, std::fabs(v[i]));
      CHECK(scale == most / limit, "%s block %ld", isa.name, long(b));
      int sums[2] = {0, 0};
      for (int i = 0; i < 32; i++) {
        const int high = wide ? static_cast<int8_t>(block[12 + i]) : 0,
                  low = static_cast<int8_t>(block[(wide ? 44 : 8) + i]);
        const float exact = scale > 0 ? std::fmin(limit, std::fmax(-limit, std::nearbyint(v[i] / scale))) : 0;
        CHECK(float(254 * high + low) == exact, "%s block %ld element %d: %d and %d, expected %g", isa.name, long(b), i,
              high, low, double(exact));
        const float digit = wide ? std::fmin(127.0f, std::fmax(-127.0f, std::nearbyint(exact / 254))) : 0;
        CHECK(float(high) == digit && low >= -127, "%s block %ld element %d: %d and %d", isa.name, long(b), i, high,
              low);
        sums[i / 16] += 254 * high + low;
      }
      for (int i = 0; i < 2; i++) {
        int16_t narrow;
        int32_t sum;
        std::memcpy(&narrow, block + 4 + 2 * i, 2);
        std::memcpy(&sum, block + 4 + 4 * i, 4);
        CHECK((wide ? sum : narrow) == sums[i], "%s block %ld sum %d", isa.name, long(b), i);
      }
    }
  }
}

// Ties go to the even neighbour, what rounds beyond the greatest becomes infinite, subnormals stay.
void testRounding() {
  const float values[] = {1.0f,  0x1.01p0f,   0x1.03p0f, 0x1.010002p0f, -0x1.01p0f,
                          3e38f, 0x1.ffp127f, 0x1p-133f, 0x1p-135f};
  const uint16_t rounded[] = {0x3f80, 0x3f80, 0x3f82, 0x3f81, 0xbf80, 0x7f62, 0x7f80, 0x0001, 0x0000};
  std::vector<float> data;
  const gk_tensor x = tensor(data, 1, 32);
  for (size_t i = 0; i < 32; i++) data[i] = values[i % std::size(values)];
  cpu::Pool pool(1);
  for (const Isa &isa : isas()) {
    auto bytes = alignedBytes(64);
    isa.quantize(pool, x, {bytes.get(), 1, 32, 32, GK_BF16, 0});
    for (size_t i = 0; i < 32; i++) {
      uint16_t bits;
      std::memcpy(&bits, bytes.get() + 2 * i, 2);
      CHECK(bits == rounded[i % std::size(values)], "%s %a: %04x, expected %04x", isa.name, double(data[i]), bits,
            rounded[i % std::size(values)]);
    }
  }
}

}  // namespace

int main() {
  for (const TypeName &type : kTypes) {
    const bool plainFloats = cpu::formatOf(type.dtype).bits == 0;
    testType(type, 40, 512, 64);
    testType(type, 24, plainFloats ? 37 : cpu::formatOf(type.dtype).blockColumns == 256 ? 256 : 96, 32);
  }
  testType({GK_F8, "F8"}, 300, 203, GK_SQUARE);
  testGateUp();
  testLarge();
  testQuantize(GK_A8);
  testQuantize(GK_A16);
  testRounding();
  return finish();
}
