// mat_mul_int8.cpp: one tile of 16 rows times 1 to 16 tokens of activations of one or two int8 digits.
//
// Bytes: the tile once (4-bit codes: 18 a column) and 2 bytes a digit. Operations: 32 a column, digit and token. A
// block of 32 columns is unpacked once into 8 vectors of 64 codes, which then serve every token: 8 dot products of 4
// bytes for each digit and one multiplication, one fma (two with minima) a token. Each of the 16 lanes is a row; a
// row's sum runs over the blocks in ascending order, so it does not depend on the number of tokens.
#include "kernels.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

// What dot counts too much a code, beyond its value in the format.
template <int Dtype>
constexpr int excess() {
  constexpr Format format = formatOf(Dtype);
  return Tile<Dtype>::kMax > 127 ? format.offset - 128 + kWideBias : format.offset;
}

// The dot product of 4 N columns from `at` with a[0].q, and with a[1].q as the digit above.
template <int Digits, int N, int Max>
inline __attribute__((always_inline)) F32x16 run(int32_t start, const U8x64 *codes, const Activations *a, int at) {
  I32x16 total = dot<N, Max>(splat(start), codes, a[0].q + at);
  if constexpr (Digits == 2) {
    static_assert(kDigit == 256 - 2);
    const I32x16 high = dot<N, Max>(splat(int32_t{0}), codes, a[1].q + at);
    total = total + (shiftLeft<8>(high) - shiftLeft<1>(high));
  }
  return toFloat(total);
}

template <int Dtype, int Digits, int Tokens>
void multiply(const uint8_t *data, const TileShape &shape, const Activations *x, float *y) {
  using T = Tile<Dtype>;
  const T tile{data, shape};
  F32x16 acc[Tokens];
  GK_UNROLL
  for (int m = 0; m < Tokens; m++) acc[m] = zero();
  for (int64_t b = 0; b < shape.blocks; b++, x += Tokens * Digits) {
    U8x64 codes[8];
    F32x16 scale[T::kRuns], shift[T::kRuns];
    tile.prefetch(b);
    tile.codes(b, codes);
    tile.scales(b, scale, shift);
    GK_UNROLL
    for (int m = 0; m < Tokens; m++) {
      const Activations &a = x[m * Digits];
      F32x16 part;
      if constexpr (T::kRuns == 1) {
        part = run<Digits, 8, T::kMax>(a.start[0], codes, &a, 0) * scale[0];
      } else {
        part = run<Digits, 4, T::kMax>(a.start[0], codes, &a, 0) * scale[0];
        part = fma(run<Digits, 4, T::kMax>(a.start[1], codes + 4, &a, 16), scale[1], part);
      }
      acc[m] = fma(part, splat(a.scale), acc[m]);
      if constexpr (T::kShift) {
        for (int i = 0; i < T::kRuns; i++) acc[m] = fma(shift[i], splat(a.sum[i]), acc[m]);
      }
    }
  }
  GK_UNROLL
  for (int m = 0; m < Tokens; m++) store(y + 16 * m, acc[m]);
}

template <int Dtype>
Int8Kernel kernel(int digits, int tokens) {
  if (digits == 2) {
    switch (tokens) {
      case 1:
        return multiply<Dtype, 2, 1>;
      case 4:
        return multiply<Dtype, 2, 4>;
      case 16:
        return multiply<Dtype, 2, 16>;
      default:
        return nullptr;
    }
  }
  switch (tokens) {
    case 1:
      return multiply<Dtype, 1, 1>;
    case 2:
      return multiply<Dtype, 1, 2>;
    case 4:
      return multiply<Dtype, 1, 4>;
    case 8:
      return multiply<Dtype, 1, 8>;
    default:
      return multiply<Dtype, 1, 16>;
  }
}

struct Prepared {
  int excess;
  bool halves;  // a scale each 16 columns
};

template <int Dtype>
Prepared prepared() {
  return {excess<Dtype>(), Tile<Dtype>::kRuns == 2};
}

Prepared preparedFor(int32_t dtype) {
  switch (dtype) {
    case GK_Q4_0:
      return prepared<GK_Q4_0>();
    case GK_Q5_0:
      return prepared<GK_Q5_0>();
    case GK_Q8_0:
      return prepared<GK_Q8_0>();
    case GK_Q2_K:
      return prepared<GK_Q2_K>();
    case GK_Q3_K:
      return prepared<GK_Q3_K>();
    case GK_Q6_K:
      return prepared<GK_Q6_K>();
    case GK_IQ4_NL:
    case GK_IQ4_XS:
      return prepared<GK_IQ4_XS>();
    default:
      return {0, false};
  }
}

}  // namespace

Int8Kernel int8Kernel(int32_t dtype, int digits, int tokens) {
  switch (dtype) {
    case GK_Q4_0:
      return kernel<GK_Q4_0>(digits, tokens);
    case GK_Q4_1:
      return kernel<GK_Q4_1>(digits, tokens);
    case GK_Q5_0:
      return kernel<GK_Q5_0>(digits, tokens);
    case GK_Q5_1:
      return kernel<GK_Q5_1>(digits, tokens);
    case GK_Q8_0:
      return kernel<GK_Q8_0>(digits, tokens);
    case GK_Q2_K:
      return kernel<GK_Q2_K>(digits, tokens);
    case GK_Q3_K:
      return kernel<GK_Q3_K>(digits, tokens);
    case GK_Q4_K:
      return kernel<GK_Q4_K>(digits, tokens);
    case GK_Q5_K:
      return kernel<GK_Q5_K>(digits, tokens);
    case GK_Q6_K:
      return kernel<GK_Q6_K>(digits, tokens);
    case GK_IQ4_NL:
      return kernel<GK_IQ4_NL>(digits, tokens);
    case GK_IQ4_XS:
      return kernel<GK_IQ4_XS>(digits, tokens);
    case GK_AWQ:
    case GK_GPTQ:
      return kernel<GK_AWQ>(digits, tokens);
    default:
      return nullptr;
  }
}

void prepare(int32_t dtype, int digits, const uint8_t *row, int64_t blocks, Activations *to, int64_t step) {
  const Prepared how = preparedFor(dtype);
  for (int64_t b = 0; b < blocks; b++, to += step) {
    int32_t sum[2];
    __builtin_memcpy(&to->scale, row, 4);
    if (digits == 2) {
      __builtin_memcpy(sum, row + 4, 8);
      __builtin_memcpy(to[1].q, row + 12, 32);
      __builtin_memcpy(to->q, row + 44, 32);
      row += kA16BlockBytes;
    } else {
      int16_t narrow[2];
      __builtin_memcpy(narrow, row + 4, 4);
      sum[0] = narrow[0], sum[1] = narrow[1];
      __builtin_memcpy(to->q, row + 8, 32);
      row += kA8BlockBytes;
    }
    const int first = how.halves ? sum[0] : sum[0] + sum[1], second = how.halves ? sum[1] : 0;
    to->sum[0] = to->scale * static_cast<float>(first);
    to->sum[1] = to->scale * static_cast<float>(second);
    to->start[0] = -how.excess * first;
    to->start[1] = -how.excess * second;
  }
}

}  // namespace gatun::cpu::GK_ISA
