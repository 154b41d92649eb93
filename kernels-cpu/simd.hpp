// simd.hpp: 16-lane vectors, written once an instruction set; every operation gives the same bits on all of them.
//
// GK_ISA names the instruction set and its namespace: plain, avx2, avx512, avx512vnni. The files simd*.hpp are the
// only ones with intrinsics. Everything here is static: nothing compiled for one instruction set can be linked into
// another's code.
//   F32x16, I32x16: 16 rows, or 16 consecutive elements.
//   U8x64: codes of 16 rows x 4 consecutive columns; lane r holds row r's four bytes, the lowest column first.
//   load and store of n elements: n >= 16 means all; the rest is read as 0 and left as it was.
//   max(a, b) is a > b ? a : b and min(a, b) is a < b ? a : b, also where one is not a number.
//   columnF8<C> is byte C of each lane as float8 e4m3fn, times 2^-120 and exact: the fields where float32 has them.
//   What is not a number reads as 480 * 2^-120.
//   sum(F32x16) adds lanes i and i + 8, then i + 4, i + 2, i + 1. toInt rounds to nearest even; |a| < 2^22.
//   lookup(table of 16, index) reads the low 4 bits of an index. shiftRightEach shifts lane i by lane i, below 32.
//   dot<N, Max>(acc, codes, q) adds the dot products of N code vectors, codes <= Max, with 4 N activations, |q| <= 127.
//   With Max > 127 it may count codes less 128: kWideBias is 128 where codes count as they are stored, else 0.
//   dotPairs(acc, a, b) adds to each lane the dot product of two pairs of int16, none of them -32768; sums wrap.
//   splatPair(pointer) is that pair in every lane.
//   kDots: dot products that want to run side by side, since each instruction of one waits for the one before it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif
#if defined(__AVX512F__)
#include "simd_avx512.hpp"
#elif defined(__AVX2__)
#include "simd_avx2.hpp"
#else
#include "simd_plain.hpp"
#endif

namespace gatun::cpu::GK_ISA {

static inline F32x16 zero() { return splat(0.0f); }

static inline F32x16 abs(F32x16 a) { return asFloat(asInt(a) & splat(int32_t{0x7fffffff})); }

static inline F32x16 loadBf16(const uint16_t *p) { return asFloat(shiftLeft<16>(loadU16(p))); }

// Rounds to nearest even; what is not a number stays so.
static inline void storeBf16(uint16_t *p, F32x16 a) {
  const I32x16 bits = asInt(a);
  const I32x16 rounded = bits + splat(int32_t{0x7fff}) + (shiftRight<16>(bits) & splat(int32_t{1}));
  const I32x16 magnitude = bits & splat(int32_t{0x7fffffff});
  const I32x16 quiet = bits | splat(int32_t{0x400000});
  storeU16(p, shiftRight<16>(selectGreater(magnitude, splat(int32_t{0x7f800000}), quiet, rounded)));
}

// e^x within 2 units in the last place: 2^n times a Taylor polynomial of degree 7 on |r| <= ln 2 / 2, whose remainder
// is below 6e-9. 0 below -87.3 (a normal number's range) and e^88.3 above 88.3.
static inline F32x16 exp(F32x16 x) {
  const F32x16 low = splat(-87.3f), shift = splat(0x1.8p23f);
  const F32x16 a = max(low, min(splat(88.3f), x));
  const F32x16 t = fma(a, splat(0x1.715476p0f), shift);  // n in the low bits
  const F32x16 n = t - shift;
  const F32x16 r = fma(n, splat(-0x1.7f7d1cp-20f), fma(n, splat(-0x1.62e4p-1f), a));  // ln 2 in two parts
  F32x16 p = splat(1.0f / 5040);
  p = fma(p, r, splat(1.0f / 720));
  p = fma(p, r, splat(1.0f / 120));
  p = fma(p, r, splat(1.0f / 24));
  p = fma(p, r, splat(1.0f / 6));
  p = fma(p, r, splat(0.5f));
  p = fma(p, r, splat(1.0f));
  p = fma(p, r, splat(1.0f));
  const F32x16 power = asFloat(shiftLeft<23>(asInt(t)) + splat(int32_t{0x3f800000}));
  return selectLess(x, low, zero(), p * power);
}

static inline F32x16 silu(F32x16 a) { return a / (splat(1.0f) + exp(zero() - a)); }

}  // namespace gatun::cpu::GK_ISA
