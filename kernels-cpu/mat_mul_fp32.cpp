// mat_mul_fp32.cpp: one tile of 16 rows times 1 to 4 tokens of fp32 activations, on exactly dequantised weights.
//
// Bytes: the tile once (4-bit codes: 18 a column, F16: 32) and 4 bytes an activation. Operations: 32 a column and
// token. Column k adds to partial sum k % 4, and the four are added in the order (0 + 1) + (2 + 3): one order for
// every number of tokens, with four independent chains of fma where there is one token.
#include "kernels.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

template <int Dtype>
constexpr bool kPlain = formatOf(Dtype).bits == 0 && formatOf(Dtype).scales == Scales::None;

template <int Dtype>
inline F32x16 plainColumn(const uint8_t *data, int64_t k) {
  if constexpr (Dtype == GK_F32)
    return load(reinterpret_cast<const float *>(data) + 16 * k);
  else if constexpr (Dtype == GK_F16)
    return loadF16(reinterpret_cast<const uint16_t *>(data) + 16 * k);
  else
    return loadBf16(reinterpret_cast<const uint16_t *>(data) + 16 * k);
}

// The columns of one scale, from `begin` on: what to read, and what loadF8's weights are multiplied with.
struct Square {
  const uint8_t *weights;
  int64_t begin, end;
  F32x16 scale;

  Square(const uint8_t *data, const TileShape &shape, int64_t index)
      : weights(data), begin(index * GK_SQUARE), end(begin + GK_SQUARE < shape.cols ? begin + GK_SQUARE : shape.cols) {
    const float *scales = reinterpret_cast<const float *>(data + shape.plane.floats);
    scale = splat(scales[index] * 256.0f);
  }
  inline __attribute__((always_inline)) F32x16 column(int64_t k) const {
    return cpu::GK_ISA::loadF8(weights + GK_TILE_ROWS * k) * scale;
  }
};

int64_t squares(const TileShape &shape) { return (shape.cols + GK_SQUARE - 1) / GK_SQUARE; }

template <int Tokens>
struct Sums {
  F32x16 part[Tokens][4];

  Sums() {
    GK_UNROLL
    for (int m = 0; m < Tokens; m++) {
      for (int i = 0; i < 4; i++) part[m][i] = zero();
    }
  }
  inline __attribute__((always_inline)) void add(int i, F32x16 weight, const float *const *x, int64_t k) {
    GK_UNROLL
    for (int m = 0; m < Tokens; m++) part[m][i] = fma(weight, splat(x[m][k]), part[m][i]);
  }
  // Columns begin to end - 1, begin a multiple of 4.
  template <class Column>
  inline __attribute__((always_inline)) void add(int64_t begin, int64_t end, const float *const *x, Column column) {
    int64_t k = begin;
    for (; k + 4 <= end; k += 4) {
      GK_UNROLL
      for (int i = 0; i < 4; i++) add(i, column(k + i), x, k + i);
    }
    GK_UNROLL
    for (int i = 0; i < 3; i++) {
      if (k + i < end) add(i, column(k + i), x, k + i);
    }
  }
  void storeTo(float *y) const {
    GK_UNROLL
    for (int m = 0; m < Tokens; m++) store(y + 16 * m, (part[m][0] + part[m][1]) + (part[m][2] + part[m][3]));
  }
};

template <int Dtype, int Tokens>
void multiply(const uint8_t *data, const TileShape &shape, const float *const *x, float *y) {
  const float *row[Tokens];
  for (int m = 0; m < Tokens; m++) row[m] = x[m];
  Sums<Tokens> sums;
  if constexpr (kPlain<Dtype>) {
    sums.add(0, shape.cols, row, [&](int64_t k) { return plainColumn<Dtype>(data, k); });
  } else if constexpr (Dtype == GK_F8) {
    for (int64_t s = 0; s < squares(shape); s++) {
      const Square square(data, shape, s);
      sums.add(square.begin, square.end, row, [&](int64_t k) { return square.column(k); });
    }
  } else {
    const Tile<Dtype> tile{data, shape};
    alignas(64) float weights[32 * 16];
    for (int64_t b = 0; b < shape.blocks; b++) {
      tile.weights(b, weights);
      for (int k = 0; k < 32; k += 4) {
        GK_UNROLL
        for (int i = 0; i < 4; i++) sums.add(i, load(weights + 16 * (k + i)), row, 32 * b + k + i);
      }
    }
  }
  sums.storeTo(y);
}

template <int Dtype>
void expand(const uint8_t *data, const TileShape &shape, float *out) {
  if constexpr (kPlain<Dtype>) {
    for (int64_t k = 0; k < shape.cols; k++) store(out + 16 * k, plainColumn<Dtype>(data, k));
  } else if constexpr (Dtype == GK_F8) {
    for (int64_t s = 0; s < squares(shape); s++) {
      const Square square(data, shape, s);
      for (int64_t k = square.begin; k < square.end; k++) store(out + 16 * k, square.column(k));
    }
  } else {
    const Tile<Dtype> tile{data, shape};
    for (int64_t b = 0; b < shape.blocks; b++) tile.weights(b, out + b * 32 * 16);
  }
}

struct Kernels {
  FloatKernel one, two, four;
  Expansion expansion;
};

template <int Dtype>
Kernels kernels() {
  return {multiply<Dtype, 1>, multiply<Dtype, 2>, multiply<Dtype, 4>, expand<Dtype>};
}

Kernels kernelsFor(int32_t dtype) {
  switch (dtype) {
    case GK_F32:
      return kernels<GK_F32>();
    case GK_F16:
      return kernels<GK_F16>();
    case GK_BF16:
      return kernels<GK_BF16>();
    case GK_F8:
      return kernels<GK_F8>();
    case GK_Q4_0:
      return kernels<GK_Q4_0>();
    case GK_Q4_1:
      return kernels<GK_Q4_1>();
    case GK_Q5_0:
      return kernels<GK_Q5_0>();
    case GK_Q5_1:
      return kernels<GK_Q5_1>();
    case GK_Q8_0:
      return kernels<GK_Q8_0>();
    case GK_Q2_K:
      return kernels<GK_Q2_K>();
    case GK_Q3_K:
      return kernels<GK_Q3_K>();
    case GK_Q4_K:
      return kernels<GK_Q4_K>();
    case GK_Q5_K:
      return kernels<GK_Q5_K>();
    case GK_Q6_K:
      return kernels<GK_Q6_K>();
    case GK_IQ4_NL:
      return kernels<GK_IQ4_NL>();
    case GK_IQ4_XS:
      return kernels<GK_IQ4_XS>();
    default:
      return kernels<GK_AWQ>();
  }
}

}  // namespace

FloatKernel floatKernel(int32_t dtype, int tokens) {
  const Kernels all = kernelsFor(dtype);
  return tokens == 1 ? all.one : tokens == 2 ? all.two : all.four;
}

Expansion expansion(int32_t dtype) { return kernelsFor(dtype).expansion; }

}  // namespace gatun::cpu::GK_ISA
