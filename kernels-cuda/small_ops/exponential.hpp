// exponential.hpp: e^x where a result is to be the CPU's bit for bit.
#pragma once

#include "device/dialect.hpp"

namespace gatun::cuda {

// e^x within 2 units in the last place: exp of kernels-cpu/simd.hpp, what is no number included: that stays so. 2^n
// times a Taylor polynomial of degree 7 on |r| <= ln 2 / 2; 0 below -87.3, e^88.3 above 88.3.
__device__ __forceinline__ float exponential(float x) {
  constexpr float low = -87.3f, shift = 0x1.8p23f;
  const float most = 88.3f < x ? 88.3f : x, a = low > most ? low : most;
  const float t = fmaf(a, 0x1.715476p0f, shift);  // n in the low bits
  const float n = t - shift;
  const float r = fmaf(n, -0x1.7f7d1cp-20f, fmaf(n, -0x1.62e4p-1f, a));  // ln 2 in two parts
  float p = 1.0f / 5040;
  p = fmaf(p, r, 1.0f / 720);
  p = fmaf(p, r, 1.0f / 120);
  p = fmaf(p, r, 1.0f / 24);
  p = fmaf(p, r, 1.0f / 6);
  p = fmaf(p, r, 0.5f);
  p = fmaf(p, r, 1.0f);
  p = fmaf(p, r, 1.0f);
  return x < low ? 0 : p * bitsAs<float>((bitsAs<uint32_t>(t) << 23) + 0x3f800000u);
}

}  // namespace gatun::cuda
