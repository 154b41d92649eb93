// mat_mul_int8.cpp: one tile of 16 rows times 1 to 16 tokens of activations of one or two int8 digits.
//
// Bytes: the tile once (4-bit codes: 18 a column) and 2 bytes a digit. Operations: 32 a column, digit and token. A
// block of 32 columns is unpacked once into 8 vectors of 64 codes, which then serve every token: 8 dot products of 4
// bytes for each digit and one multiplication, one fma (two with minima) a token. On Zen 4 these share two pipes, so
// that of the peak of dot products alone 8 of 10 (8 of 11) are left, with two digits 16 of 18 (16 of 19). Each of the
// 16 lanes is a row; a row's sum runs over the blocks in ascending order, so it does not depend on the number of
// tokens.
#include "kernels.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

// What dot counts too much a code, beyond its value in the format.
template <int Dtype>
constexpr int excess() {
  constexpr Format format = formatOf(Dtype);
  return Tile<Dtype>::kMax > 127 ? format.offset - 128 + kWideBias : format.offset;
}

// Tokens whose dot products run side by side. Fewer than the most that a call takes wait for memory rather than for
// dot products, and there four at once were slower than two.
constexpr int together(int tokens, int digits) {
  const int most = (tokens == kMaxTokens ? kDots : kDots / 2) / digits;
  return most < 1 ? 1 : tokens < most ? tokens : most;
}

// The dot products of 4 N columns with each token's activations, of run `Run` of the block; a[1].q is the digit above.
template <int Run, int Tokens, int Digits, int N, int Max>
inline __attribute__((always_inline)) void run(const U8x64 *codes, const Activations *a, F32x16 (&y)[Tokens]) {
  I32x16 total[Tokens * Digits];
  GK_UNROLL
  for (int i = 0; i < Tokens * Digits; i++) {
    const I32x16 start = i % Digits == 0 ? splat(a[i].start[Run]) : splat(int32_t{0});
    total[i] = kDots == 1 ? dot<N, Max>(start, codes + Run * N, a[i].q + 16 * Run) : start;
  }
  if constexpr (kDots > 1) {
    GK_UNROLL
    for (int j = 0; j < N; j++) {
      GK_UNROLL
      for (int i = 0; i < Tokens * Digits; i++)
        total[i] = dot<1, Max>(total[i], codes + Run * N + j, a[i].q + 16 * Run + 4 * j);
    }
  }
  GK_UNROLL
  for (int m = 0; m < Tokens; m++) {
    if constexpr (Digits == 2) {
      static_assert(kDigit == 256 - 2);
      const I32x16 high = total[2 * m + 1];
      y[m] = toFloat(total[2 * m] + (shiftLeft<8>(high) - shiftLeft<1>(high)));
    } else {
      y[m] = toFloat(total[m]);
    }
  }
}

template <int Dtype, int Digits, int Tokens>
void multiply(const uint8_t *data, const TileShape &shape, const Activations *x, float *y) {
  using T = Tile<Dtype>;
  constexpr int kTogether = together(Tokens, Digits);
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
    for (int first = 0; first < Tokens; first += kTogether) {
      const Activations *a = x + first * Digits;
      F32x16 part[kTogether], second[kTogether];
      run<0, kTogether, Digits, 8 / T::kRuns, T::kMax>(codes, a, part);
      if constexpr (T::kRuns == 2) run<1, kTogether, Digits, 4, T::kMax>(codes, a, second);
      GK_UNROLL
      for (int m = 0; m < kTogether; m++, a += Digits) {
        F32x16 &sum = acc[first + m];
        part[m] = part[m] * scale[0];
        if constexpr (T::kRuns == 2) part[m] = fma(second[m], scale[1], part[m]);
        sum = fma(part[m], splat(a->scale), sum);
        if constexpr (T::kShift) {
          for (int i = 0; i < T::kRuns; i++) sum = fma(shift[i], splat(a->sum[i]), sum);
        }
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
