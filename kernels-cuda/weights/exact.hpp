// exact.hpp: a lane's weights as the floats they stand for, bit for bit what the CPU has.
#pragma once

#include "weights/decode.hpp"

namespace gatun::cuda {

// Column within the block of a lane's weight e, 0 to 7: ascending in e.
template <int Dtype>
__device__ __forceinline__ int columnOf(int t, int e) {
  return Packed<Dtype>::plain ? 8 * (e / 2) + 2 * t + e % 2 : 16 * (e / 4) + 4 * t + e % 4;
}

// Bytes 1 and 3 of a word, float8 e4m3fn, as a pair of float16 of a 256th: the same fields, less exponent bias. Exact;
// not a number reads as 480.
__device__ __forceinline__ uint32_t halvesOfF8(uint32_t word) {
  return (word & 0x80008000u) | (word & 0x7f007f00u) >> 1;
}

// The lane's weights of block 0 or 1 of the pair, rows g and g + 8, as the CPU has them. factors: of that block; plain
// floats have none.
template <int Dtype, int Block>
__device__ __forceinline__ void weightsOf(const Codes<Dtype> &c, const BlockFactors<Dtype> &factors,
                                          float (&weight)[2][8]) {
  using P = Packed<Dtype>;
  if constexpr (Dtype == GK_F32) {
#pragma unroll
    for (int n = 0; n < 16; n++) {
      weight[n / 2 % 2][2 * (n / 4) + n % 2] = bitsAs<float>(c.code[16 * Block + n]);
    }
  } else if constexpr (P::plain) {
#pragma unroll
    for (int n = 0; n < 8; n++) {  // word n: 16 columns n / 4, row n % 2, half (n / 2) % 2 of the columns
      const uint32_t w = c.code[8 * Block + n];
      const int e = 4 * (n / 4) + 2 * (n / 2 % 2);
      if constexpr (Dtype == GK_F16) {
        weight[n % 2][e] = lowHalf(w), weight[n % 2][e + 1] = highHalf(w);
      } else {
        weight[n % 2][e] = fromBf16(static_cast<uint16_t>(w & 0xffff));
        weight[n % 2][e + 1] = fromBf16(static_cast<uint16_t>(w >> 16));
      }
    }
  } else if constexpr (Dtype == GK_F8) {
    uint32_t a[4];
    fragment<Dtype, Block>(c, a);
#pragma unroll
    for (int n = 0; n < 4; n++) {  // word n: row n % 2, half n / 2 of the columns
      const int i = n % 2, e = 4 * (n / 2);
      const float scale = 256.0f * factors.scale[i][0];
      const uint32_t even = halvesOfF8(a[n] << 8), odd = halvesOfF8(a[n]);
      weight[i][e] = lowHalf(even) * scale, weight[i][e + 1] = lowHalf(odd) * scale;
      weight[i][e + 2] = highHalf(even) * scale, weight[i][e + 3] = highHalf(odd) * scale;
    }
  } else {
    uint32_t a[4];
    fragment<Dtype, Block>(c, a);
#pragma unroll
    for (int i = 0; i < 2; i++) {
#pragma unroll
      for (int e = 0; e < 8; e++) {
        const int run = e / 4 * P::runs / 2;
        const uint32_t byte = a[e / 4 * 2 + i] >> (8 * (e % 4)) & 0xff;
        const auto signedCode = static_cast<int8_t>(static_cast<uint8_t>(byte));
        const float product = factors.scale[i][run] * static_cast<float>(signedCode);
        // Adding a shift of 0 would turn -0 into 0.
        weight[i][e] = P::shifted ? product + factors.shift[i][run] : product;
      }
    }
  }
}

}  // namespace gatun::cuda
