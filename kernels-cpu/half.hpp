// half.hpp: IEEE binary16 as bits, for code that has no vectors. Internal linkage: safe in every instruction set's
// files.
#pragma once

#include <stdint.h>

namespace gatun::cpu {

static inline float floatOf(uint32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

static inline uint32_t wordOf(float x) {
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

// Exact. A signalling NaN becomes quiet, as the conversion instructions do.
static inline float f16ToF32(uint16_t h) {
  const uint32_t sign = static_cast<uint32_t>(h & 0x8000) << 16;
  const uint32_t rest = h & 0x7fff;
  if (rest >= 0x7c00) return floatOf(sign | 0x7f800000 | (rest & 0x3ff) << 13 | (rest > 0x7c00 ? 0x400000 : 0));
  if (rest >= 0x0400) return floatOf(sign | ((rest << 13) + 0x38000000));
  return floatOf(sign | wordOf(static_cast<float>(rest) * 0x1p-24f));
}

// To nearest even.
static inline uint16_t f32ToF16(float x) {
  const uint32_t bits = wordOf(x), sign = bits >> 16 & 0x8000, a = bits & 0x7fffffff;
  if (a > 0x7f800000) return static_cast<uint16_t>(sign | 0x7e00 | (a >> 13 & 0x3ff));
  if (a >= 0x477ff000) return static_cast<uint16_t>(sign | 0x7c00);
  // Below 2^-14 the result is a multiple of 2^-24: adding 0.5 makes fp32 round to that.
  if (a < 0x38800000) return static_cast<uint16_t>(sign | (wordOf(floatOf(a) + 0.5f) - 0x3f000000));
  return static_cast<uint16_t>(sign | ((a - 0x38000000 + 0xfff + (a >> 13 & 1)) >> 13));
}

}  // namespace gatun::cpu
