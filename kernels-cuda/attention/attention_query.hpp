// attention_query.hpp: 16 rows of queries, one warp, as fragments of two terms for tensor cores.
#pragma once

#include "attention/attention_tasks.hpp"

namespace gatun::cuda {

constexpr int anySteps = 16;  // kernels for a head_dim that has none of its own

// How many 16 elements a head has; where a kernel is made for that many, the compiler knows it.
template <int Steps>
__device__ __forceinline__ int stepsOf(int headDim) {
  return Steps == anySteps ? headDim / 16 : Steps;
}

// 16 rows as A fragments, a step 16 elements. Element order as cache_page.hpp's key codes: steps 2 b and 2 b + 1, of
// block b, take of lane t's 8 elements the first and the last four.
template <int Steps, bool InShared>
struct Query {
  static constexpr int sharedBytes = 0;
  uint32_t highs[Steps][4], lows[Steps][4];

  __device__ __forceinline__ explicit Query(unsigned char *) {}
  __device__ __forceinline__ void set(int step, const uint32_t (&high)[4], const uint32_t (&low)[4]) {
    for (int i = 0; i < 4; ++i) {
      highs[step][i] = high[i];
      lows[step][i] = low[i];
    }
  }
  __device__ __forceinline__ void get(int step, uint32_t (&high)[4], uint32_t (&low)[4]) const {
    for (int i = 0; i < 4; ++i) {
      high[i] = highs[step][i];
      low[i] = lows[step][i];
    }
  }
};

// In shared memory, where registers would not suffice; a lane reads what it wrote.
template <int Steps>
struct Query<Steps, true> {
  static constexpr int sharedBytes = Steps * 2 * 32 * 16;  // of a warp
  uint4 *words;

  __device__ __forceinline__ explicit Query(unsigned char *room) : words(reinterpret_cast<uint4 *>(room) + laneId()) {}
  __device__ __forceinline__ void set(int step, const uint32_t (&high)[4], const uint32_t (&low)[4]) {
    words[64 * step] = make_uint4(high[0], high[1], high[2], high[3]);
    words[64 * step + 32] = make_uint4(low[0], low[1], low[2], low[3]);
  }
  __device__ __forceinline__ void get(int step, uint32_t (&high)[4], uint32_t (&low)[4]) const {
    const uint4 h = words[64 * step], l = words[64 * step + 32];
    high[0] = h.x, high[1] = h.y, high[2] = h.z, high[3] = h.w;
    low[0] = l.x, low[1] = l.y, low[2] = l.z, low[3] = l.w;
  }
};

__device__ __forceinline__ float4 loadFour(const float *p) {
  return reinterpret_cast<uintptr_t>(p) % 16 == 0 ? *reinterpret_cast<const float4 *>(p)
                                                  : make_float4(p[0], p[1], p[2], p[3]);
}

__device__ __forceinline__ void splitPair(float a, float b, bool bf16, uint32_t &high, uint32_t &low) {
  if (bf16) {
    high = toBf16x2(a, b);
    low = toBf16x2(a - fromBf16(static_cast<uint16_t>(high)), b - fromBf16(static_cast<uint16_t>(high >> 16)));
  } else {
    high = toF16x2(a, b);
    low = toF16x2(a - fromF16(static_cast<uint16_t>(high)), b - fromF16(static_cast<uint16_t>(high >> 16)));
  }
}

// Loads rows g and g + 8, NULL for none, each times a power of two that brings its greatest element to [2^14, 2^15):
// neither term leaves float16's range. scoreScale[i]: what a score of the row is to be multiplied by to be times
// `scale`.
template <int Steps, bool InShared>
__device__ __forceinline__ void loadQuery(Query<Steps, InShared> &query, const float *const (&row)[2], int steps,
                                          int keyType, float scale, float (&scoreScale)[2]) {
  const int t = laneId() % 4;
  float up[2];
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    float most = 0;
    for (int d = 4 * t; row[i] != nullptr && d < 16 * steps; d += 16) {
      const float4 x = loadFour(row[i] + d);
      most = fmaxf(most, fmaxf(fmaxf(fabsf(x.x), fabsf(x.y)), fmaxf(fabsf(x.z), fabsf(x.w))));
    }
    most = fmaxf(most, shuffleXor(most, 1));
    most = fmaxf(most, shuffleXor(most, 2));
    uint32_t exponent = bitsAs<uint32_t>(most) >> 23;
    exponent = exponent < 15 ? 15 : exponent > 253 ? 253 : exponent;
    up[i] = bitsAs<float>((268 - exponent) << 23);
    scoreScale[i] = scale * bitsAs<float>((exponent - 14) << 23) * (keyType == GK_F8 ? 256.0f : 1.0f);
  }
#pragma unroll
  for (int step = 0; step < Steps; ++step) {
    if (step < steps) {
      const bool whole = (step | 1) < steps;  // its block of 32
      const int d = step / 2 * 32 + (whole ? 8 * t + step % 2 * 4 : 4 * t);
      uint32_t high[4], low[4];
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const float4 x = row[i] != nullptr ? loadFour(row[i] + d) : make_float4(0, 0, 0, 0);
        splitPair(x.x * up[i], x.y * up[i], keyType == GK_BF16, high[i], low[i]);
        splitPair(x.z * up[i], x.w * up[i], keyType == GK_BF16, high[2 + i], low[2 + i]);
      }
      query.set(step, high, low);
    }
  }
}

}  // namespace gatun::cuda
