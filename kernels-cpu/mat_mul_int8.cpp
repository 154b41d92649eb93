// mat_mul_int8.cpp: one tile of 16 rows times 1 to 16 tokens of int8 activations.
//
// Bytes: the tile once (4-bit codes: 18 a column) and 2 bytes an activation. Operations: 32 a column and token. A block
// of 32 columns is unpacked once into 8 vectors of 64 codes, which then serve every token: 8 dot products of 4 bytes
// and one multiplication, one fma (two with minima) a token. Each of the 16 lanes is a row; a row's sum runs over
// the blocks in ascending order, so it does not depend on the number of tokens.
#include "kernels.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

// What dot counts too much a code, beyond its value in the format.
template <int Dtype>
constexpr int excess() {
  constexpr Format format = formatOf(Dtype);
  return Tile<Dtype>::kMax > 127 ? format.offset - 128 + kWideBias : format.offset;
}

template <int Dtype, int Tokens>
void multiply(const uint8_t *data, const TileShape &shape, const Activations *x, float *y) {
  using T = Tile<Dtype>;
  const T tile{data, shape};
  F32x16 acc[Tokens];
  GK_UNROLL
  for (int m = 0; m < Tokens; m++) acc[m] = zero();
  for (int64_t b = 0; b < shape.blocks; b++, x += Tokens) {
    U8x64 codes[8];
    F32x16 scale[T::kRuns], shift[T::kRuns];
    tile.prefetch(b);
    tile.codes(b, codes);
    tile.scales(b, scale, shift);
    GK_UNROLL
    for (int m = 0; m < Tokens; m++) {
      const Activations &a = x[m];
      F32x16 part;
      if constexpr (T::kRuns == 1) {
        part = toFloat(dot<8, T::kMax>(splat(a.start[0]), codes, a.q)) * scale[0];
      } else {
        part = toFloat(dot<4, T::kMax>(splat(a.start[0]), codes, a.q)) * scale[0];
        part = fma(toFloat(dot<4, T::kMax>(splat(a.start[1]), codes + 4, a.q + 16)), scale[1], part);
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
Int8Kernel ofTokens(int tokens) {
  switch (tokens) {
    case 1:
      return multiply<Dtype, 1>;
    case 2:
      return multiply<Dtype, 2>;
    case 4:
      return multiply<Dtype, 4>;
    case 8:
      return multiply<Dtype, 8>;
    default:
      return multiply<Dtype, 16>;
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

Int8Kernel int8Kernel(int32_t dtype, int tokens) {
  switch (dtype) {
    case GK_Q4_0:
      return ofTokens<GK_Q4_0>(tokens);
    case GK_Q4_1:
      return ofTokens<GK_Q4_1>(tokens);
    case GK_Q5_0:
      return ofTokens<GK_Q5_0>(tokens);
    case GK_Q5_1:
      return ofTokens<GK_Q5_1>(tokens);
    case GK_Q8_0:
      return ofTokens<GK_Q8_0>(tokens);
    case GK_Q2_K:
      return ofTokens<GK_Q2_K>(tokens);
    case GK_Q3_K:
      return ofTokens<GK_Q3_K>(tokens);
    case GK_Q4_K:
      return ofTokens<GK_Q4_K>(tokens);
    case GK_Q5_K:
      return ofTokens<GK_Q5_K>(tokens);
    case GK_Q6_K:
      return ofTokens<GK_Q6_K>(tokens);
    case GK_IQ4_NL:
      return ofTokens<GK_IQ4_NL>(tokens);
    case GK_IQ4_XS:
      return ofTokens<GK_IQ4_XS>(tokens);
    case GK_AWQ:
    case GK_GPTQ:
      return ofTokens<GK_AWQ>(tokens);
    default:
      return nullptr;
  }
}

void prepare(int32_t dtype, const uint8_t *row, int64_t blocks, Activations *to, int64_t step) {
  const Prepared how = preparedFor(dtype);
  for (int64_t b = 0; b < blocks; b++, row += kA8BlockBytes, to += step) {
    int16_t sum[2];
    __builtin_memcpy(&to->scale, row, 4);
    __builtin_memcpy(sum, row + 4, 4);
    __builtin_memcpy(to->q, row + 8, 32);
    const int first = how.halves ? sum[0] : sum[0] + sum[1], second = how.halves ? sum[1] : 0;
    to->sum[0] = to->scale * static_cast<float>(first);
    to->sum[1] = to->scale * static_cast<float>(second);
    to->start[0] = -how.excess * first;
    to->start[1] = -how.excess * second;
  }
}

}  // namespace gatun::cpu::GK_ISA
