// mat_mul_fp32.cpp: one tile of 16 rows times 1 to 4 tokens of fp32 activations, on exactly dequantised weights.
//
// Bytes: the tile once (4-bit codes: 18 a column, F8: 16, F16: 32) and 4 bytes an activation. Operations: 32 a column
// and token. Column k adds to partial sum k % 4, and the four are added in the order (0 + 1) + (2 + 3): one order for
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

constexpr int64_t kAhead = 2048;  // bytes that prefetch runs ahead; past the tile's end into the next

// use(i, k, weight) for columns k of F8, ascending; i is k % 4. Of the factors of a weight the first is below float32's
// normal numbers where the float8 is below its own: rarely in what was trained, which matters where a multiplication of
// such numbers takes longer (some 150 cycles on Intel's cores, none on AMD's).
template <class Use>
inline __attribute__((always_inline)) void eachColumn(const uint8_t *data, const TileShape &shape, Use use) {
  const auto *scales = reinterpret_cast<const float *>(data + shape.plane.floats);
  for (int64_t k = 0; k < shape.cols; scales++) {
    const int64_t end = k + GK_SQUARE < shape.cols ? k + GK_SQUARE : shape.cols;
    const F32x16 scale = splat(*scales * 0x1p120f);
    for (; k + 4 <= end; k += 4) {
      __builtin_prefetch(data + (GK_TILE_ROWS * k + kAhead));
      const U8x64 four = cpu::GK_ISA::loadCodes(data + GK_TILE_ROWS * k);
      use(0, k, columnF8<0>(four) * scale);
      use(1, k + 1, columnF8<1>(four) * scale);
      use(2, k + 2, columnF8<2>(four) * scale);
      use(3, k + 3, columnF8<3>(four) * scale);
    }
    if (k == end) continue;
    const U8x64 four = cpu::GK_ISA::loadCodes(data + GK_TILE_ROWS * k);
    use(0, k, columnF8<0>(four) * scale);
    if (k + 1 < end) use(1, k + 1, columnF8<1>(four) * scale);
    if (k + 2 < end) use(2, k + 2, columnF8<2>(four) * scale);
    k = end;
  }
}

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
    int64_t k = 0;
    for (; k + 4 <= shape.cols; k += 4) {
      GK_UNROLL
      for (int i = 0; i < 4; i++) sums.add(i, plainColumn<Dtype>(data, k + i), row, k + i);
    }
    GK_UNROLL
    for (int i = 0; i < 3; i++) {
      if (k + i < shape.cols) sums.add(i, plainColumn<Dtype>(data, k + i), row, k + i);
    }
  } else if constexpr (Dtype == GK_F8) {
    eachColumn(data, shape, [&](int i, int64_t k, F32x16 weight) { sums.add(i, weight, row, k); });
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
    eachColumn(data, shape, [&](int, int64_t k, F32x16 weight) { store(out + 16 * k, weight); });
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
