// quantize.hpp: activations to blocks of 32 integers with a scale, or of 32 bfloat16, by the warp that has computed
// them. Bit-equal to kernels-cpu/quantize.cpp.
#pragma once

#include "device/dialect.hpp"

namespace gatun::cuda {

// Bytes of a block: see gk_activation_row_bytes.
template <int32_t Dtype>
constexpr int activationBlockBytes = Dtype == GK_A8    ? 40
                                     : Dtype == GK_A16 ? 76
                                                       : 64;

// a / divisor, at most `limit` from 0, rounded to nearest even.
__device__ __forceinline__ int roundedQuotient(float a, float divisor, float limit) {
  return static_cast<int>(rintf(fmaxf(fminf(a / divisor, limit), -limit)));
}

// The low bytes of four integers as a word.
__device__ __forceinline__ uint32_t packBytes(int a, int b, int c, int d) {
  const uint32_t low = bytePermute(static_cast<uint32_t>(a), static_cast<uint32_t>(b), 0x0040);
  const uint32_t high = bytePermute(static_cast<uint32_t>(c), static_cast<uint32_t>(d), 0x0040);
  return bytePermute(low, high, 0x5410);
}

// Quantises four blocks, as gk_quantize states: lanes 8 i .. 8 i + 7 hold block i, four consecutive elements each, and
// the address of that block's result, 4-byte aligned, or NULL where there is none. All 32 lanes take part; threadIdx.x
// is the lane modulo 8.
template <int32_t Dtype>
__device__ __forceinline__ void quantizeBlocks(const float4 &x, uint8_t *block) {
  static_assert(Dtype == GK_A8 || Dtype == GK_A16 || Dtype == GK_BF16);
  if constexpr (Dtype == GK_BF16) {
    if (block != nullptr) {
      reinterpret_cast<uint2 *>(block)[threadIdx.x % 8] = make_uint2(toBf16x2(x.x, x.y), toBf16x2(x.z, x.w));
    }
    return;
  }
  constexpr float digit = 254.0f, limit = Dtype == GK_A8 ? 127.0f : digit * 127.0f + 127.0f;
  const int eighth = static_cast<int>(threadIdx.x % 8);  // of the 32 columns
  float most = fmaxf(fmaxf(fabsf(x.x), fabsf(x.y)), fmaxf(fabsf(x.z), fabsf(x.w)));
  for (int mask = 4; mask > 0; mask /= 2) {
    most = fmaxf(most, shuffleXor(most, mask));
  }
  const float scale = most / limit;
  int q[4] = {0, 0, 0, 0};
  if (scale > 0) {
    q[0] = roundedQuotient(x.x, scale, limit);  // a subnormal scale is coarse: the quotient may leave the range
    q[1] = roundedQuotient(x.y, scale, limit);
    q[2] = roundedQuotient(x.z, scale, limit);
    q[3] = roundedQuotient(x.w, scale, limit);
  }
  int sum = q[0] + q[1] + q[2] + q[3];  // of this half of the block, after two steps
  sum += shuffleXor(sum, 1);
  sum += shuffleXor(sum, 2);
  if (block == nullptr) {
    return;
  }
  if (eighth == 0) {
    *reinterpret_cast<float *>(block) = scale;
  }
  if constexpr (Dtype == GK_A8) {
    if (eighth % 4 == 0) {
      reinterpret_cast<int16_t *>(block + 4)[eighth / 4] = static_cast<int16_t>(sum);
    }
    reinterpret_cast<uint32_t *>(block + 8)[eighth] = packBytes(q[0], q[1], q[2], q[3]);
  } else {
    if (eighth % 4 == 0) {
      reinterpret_cast<int32_t *>(block + 4)[eighth / 4] = sum;
    }
    int high[4];
    for (int i = 0; i < 4; ++i) {
      high[i] = roundedQuotient(static_cast<float>(q[i]), digit, 127.0f);  // 127.5 would go to 128
      q[i] -= 254 * high[i];
    }
    reinterpret_cast<uint32_t *>(block + 12)[eighth] = packBytes(high[0], high[1], high[2], high[3]);
    reinterpret_cast<uint32_t *>(block + 44)[eighth] = packBytes(q[0], q[1], q[2], q[3]);
  }
}

}  // namespace gatun::cuda
