// products.hpp: the one arithmetic of every product with GK_A8 and GK_A16 (`Wide`), for one row and for many.
//
// For each block of 32 columns: dot = the exact integer product, zeros of groups subtracted; scaled = dot * scale (with
// a scale each 16 columns: dot 0 * scale 0, then fma with dot 1 * scale 1); acc = fma(scaled, activation scale, acc);
// with shifts acc = fma(shift, activation scale * sum, acc). Blocks ascend from acc = 0 inside a chunk of 1024 columns,
// and the totals of chunks are added in ascending order, however many rows are multiplied.
#pragma once

#include "weights/decode.hpp"

namespace gatun::cuda {

// An integer within 2^22 added to these bits is, read as a float, 12582912 more than itself.
constexpr int32_t magicBits = 0x4b400000;
constexpr float magicFloat = 12582912.0f;

template <bool Wide>
constexpr int activationBytes = static_cast<int>(Wide ? cpu::kA16BlockBytes : cpu::kA8BlockBytes);
template <bool Wide>
constexpr int digits = Wide ? 2 : 1;
template <bool Wide>
constexpr int headWords = Wide ? 3 : 2;  // of a block of activations, before the digits
// What an integer sum begins with.
template <bool Wide>
constexpr int32_t dotStart = Wide ? 0 : magicBits;

// What a block of activations is to a type of weights.
template <int Dtype>
struct Activation {
  float scale;
  float sum[Packed<Dtype>::runs];  // scale * sum of the q; where weights have shifts
  int32_t total;                   // sum of the q; where weights have zeros
};

// head: what is stored before the digits. GK_A8 has both sums, of the first and the last 16 q, in a word.
template <int Dtype, bool Wide>
__device__ __forceinline__ Activation<Dtype> activationAt(const uint32_t *head) {
  using P = Packed<Dtype>;
  const int32_t sum0 = Wide ? static_cast<int32_t>(head[1]) : static_cast<int16_t>(head[1] & 0xffff);
  const int32_t sum1 = static_cast<int32_t>(head[headWords<Wide> - 1]) >> (Wide ? 0 : 16);
  const int32_t sums[2] = {P::runs == 1 ? sum0 + sum1 : sum0, sum1};
  Activation<Dtype> a = {};
  a.scale = bitsAs<float>(head[0]);
  a.total = sum0 + sum1;
#pragma unroll
  for (int n = 0; n < P::runs; n++) {
    a.sum[n] = P::summed ? a.scale * static_cast<float>(sums[n]) : 0.0f;
  }
  return a;
}

// The same of the two tokens whose columns a lane has, to be read from shared memory at once. Lowered: for codes whose
// zeros are subtracted already.
template <int Dtype, bool Lowered>
struct TermsSize {
  using P = Packed<Dtype>;
  static constexpr int words = P::summed ? 2 * P::runs : P::zeroed && !Lowered ? 2 : 1;
};
template <int Dtype, bool Lowered>
struct alignas(TermsSize<Dtype, Lowered>::words == 1 ? 8 : 16) Terms {
  float word[2][TermsSize<Dtype, Lowered>::words];

  __device__ __forceinline__ void set(int i, const Activation<Dtype> &a) {
    word[i][0] = a.scale;
    if constexpr (Packed<Dtype>::summed) {
#pragma unroll
      for (int n = 0; n < Packed<Dtype>::runs; n++) {
        word[i][1 + n] = a.sum[n];
      }
    } else if constexpr (Packed<Dtype>::zeroed && !Lowered) {
      word[i][1] = bitsAs<float>(a.total);
    }
  }
};

// dot[run] += the products of a block. b: the words of column g at 4 t and 16 + 4 t of one digit.
template <int Runs>
__device__ __forceinline__ void multiplyBlock(int32_t (&dot)[Runs][4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  if constexpr (Runs == 1) {
    mmaInt8(dot[0], a, b);
  } else {
    mmaInt8Half(dot[0], a[0], a[1], b[0]);
    mmaInt8Half(dot[1], a[2], a[3], b[1]);
  }
}
// The same from one start for all.
template <int Runs>
__device__ __forceinline__ void multiplyBlockFrom(int32_t start, int32_t (&dot)[Runs][4], const uint32_t (&a)[4],
                                                  const uint32_t (&b)[2]) {
  if constexpr (Runs == 1) {
    mmaInt8From(start, dot[0], a, b);
  } else {
    mmaInt8HalfFrom(start, dot[0], a[0], a[1], b[0]);
    mmaInt8HalfFrom(start, dot[1], a[2], a[3], b[1]);
  }
}

// Codes of a group, below 128, less the zeros of rows g and g + 8: subtracted once for many tokens.
__device__ __forceinline__ void lessZeros(uint32_t (&a)[4], const int32_t (&zero)[2]) {
#pragma unroll
  for (int j = 0; j < 4; j++) {
    a[j] = ((a[j] | 0x80808080u) - 0x01010101u * static_cast<uint32_t>(zero[j % 2])) ^ 0x80808080u;
  }
}

// What a dot product of GK_A16 is: `low` counts 1 and `high` 254.
__device__ __forceinline__ int32_t joined(int32_t high, int32_t low) { return cpu::kDigit * high + low; }

// The block's product for one row and one token, less the activations' scale and the shifts. dot: with GK_A8 what an
// mma made of magicBits, with GK_A16 joined.
template <int Dtype, bool Wide>
__device__ __forceinline__ float scaledDot(const int32_t (&dot)[Packed<Dtype>::runs], const float *scale) {
  float scaled;
  if constexpr (Wide) {
    scaled = static_cast<float>(dot[0]) * scale[0];
  } else {
    // Both products are exact before the one rounding: magicFloat * scale has at most 20 bits.
    scaled = fmaf(bitsAs<float>(dot[0]), scale[0], -magicFloat * scale[0]);
  }
  if constexpr (Packed<Dtype>::runs == 2) {
    const float second = Wide ? static_cast<float>(dot[1]) : bitsAs<float>(dot[1]) - magicFloat;
    scaled = fmaf(second, scale[1], scaled);
  }
  return scaled;
}

// acc and the block's product.
template <int Dtype>
__device__ __forceinline__ float addScaledDot(float acc, float scaled, const float *shift, float scale,
                                              const float *sum) {
  acc = fmaf(scaled, scale, acc);
  if constexpr (Packed<Dtype>::summed) {
#pragma unroll
    for (int n = 0; n < Packed<Dtype>::runs; n++) {
      acc = fmaf(shift[n], sum[n], acc);
    }
  }
  return acc;
}

// acc += the products of a block's 16 rows and 8 tokens.
template <int Dtype, bool Wide, bool Lowered>
__device__ __forceinline__ void addBlock(float (&acc)[4], const uint32_t (&a)[4], const uint32_t (&b)[digits<Wide>][2],
                                         const BlockFactors<Dtype> &f, const Terms<Dtype, Lowered> &x) {
  using P = Packed<Dtype>;
  int32_t dot[P::runs][4];
  if constexpr (Wide || (P::zeroed && !Lowered)) {
    int32_t high[P::runs][4] = {};
    if constexpr (Wide) {
      multiplyBlockFrom<P::runs>(0, high, a, b[0]);
    }
#pragma unroll
    for (int i = 0; i < 4 * P::runs; i++) {
      dot[i / 4][i % 4] = Wide ? joined(high[i / 4][i % 4], 0) : magicBits;
      if constexpr (P::zeroed && !Lowered) {
        dot[0][i] -= f.zero[i / 2] * bitsAs<int32_t>(x.word[i % 2][1]);
      }
    }
    multiplyBlock<P::runs>(dot, a, b[digits<Wide> - 1]);
  } else {
    multiplyBlockFrom<P::runs>(magicBits, dot, a, b[0]);
  }
#pragma unroll
  for (int i = 0; i < 4; i++) {
    int32_t total[P::runs];
#pragma unroll
    for (int n = 0; n < P::runs; n++) {
      total[n] = dot[n][i];
    }
    const float scaled = scaledDot<Dtype, Wide>(total, f.scale[i / 2]);
    acc[i] = addScaledDot<Dtype>(acc[i], scaled, f.shift[i / 2], x.word[i % 2][0], &x.word[i % 2][P::summed ? 1 : 0]);
  }
}

}  // namespace gatun::cuda
