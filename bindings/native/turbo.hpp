// turbo.hpp: the levels of GK_TURBO4 and GK_TURBO3, which both back ends store alike; kernels.h tells how.
//
// They are the best 16 and 8 levels of a normal distribution, which a head has after the Walsh-Hadamard matrix (source:
// J. Max, Quantizing for Minimum Distortion, 1960), times a factor at which all of them are nearly integers: rounding
// them adds less than 0.1 % to the mean square error. cache_types_test derives them anew.
#pragma once

#include <cstdint>

#include "gatun/kernels.h"

#if defined(__CUDACC__)
#define GATUN_TURBO_EVERYWHERE __host__ __device__ __forceinline__
#else
#define GATUN_TURBO_EVERYWHERE static inline
#endif

namespace gatun::turbo {

GATUN_TURBO_EVERYWHERE constexpr bool is(int dtype) { return dtype == GK_TURBO4 || dtype == GK_TURBO3; }

// Bits of a code: the number of a magnitude, below the sign.
GATUN_TURBO_EVERYWHERE constexpr int bits(int dtype) { return dtype == GK_TURBO4 ? 4 : 3; }
GATUN_TURBO_EVERYWHERE constexpr int magnitudes(int dtype) { return 1 << (bits(dtype) - 1); }

// An element is a level times its head's scale over this, which leaves scales about as large as elements.
constexpr int levelsToOne = 32;

GATUN_TURBO_EVERYWHERE constexpr int level(int dtype, int magnitude) {
  constexpr int8_t four[] = {5, 15, 25, 36, 48, 62, 79, 104}, three[] = {10, 31, 55, 88};
  return dtype == GK_TURBO4 ? four[magnitude] : three[magnitude];
}

// A level's distance from 0 is so many root mean squares of the head.
GATUN_TURBO_EVERYWHERE constexpr float unit(int dtype) { return dtype == GK_TURBO4 ? 0.026222f : 0.024447f; }

// Halfway between two magnitudes.
GATUN_TURBO_EVERYWHERE constexpr float border(int dtype, int magnitude) {
  return 0.5f * static_cast<float>(level(dtype, magnitude) + level(dtype, magnitude + 1));
}

}  // namespace gatun::turbo
