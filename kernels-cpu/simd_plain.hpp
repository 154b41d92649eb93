// simd_plain.hpp: the vectors of simd.hpp as arrays: portable C++, the meaning of every operation.
#pragma once

#include "half.hpp"

namespace gatun::cpu::GK_ISA {

struct F32x16 {
  float v[16];
};
struct I32x16 {
  int32_t v[16];
};
struct U8x64 {
  uint8_t v[64];
};

#define GK_EACH(result, expression)                      \
  for (int i = 0; i < 16; i++) result.v[i] = expression; \
  return result

static inline F32x16 splat(float x) {
  F32x16 r;
  GK_EACH(r, x);
}
static inline I32x16 splat(int32_t x) {
  I32x16 r;
  GK_EACH(r, x);
}

static inline F32x16 load(const float *p) {
  F32x16 r;
  GK_EACH(r, p[i]);
}
static inline F32x16 load(const float *p, int64_t n) {
  F32x16 r;
  GK_EACH(r, i < n ? p[i] : 0.0f);
}
static inline void store(float *p, F32x16 a) { __builtin_memcpy(p, a.v, sizeof a.v); }
static inline void store(float *p, F32x16 a, int64_t n) {
  for (int i = 0; i < 16 && i < n; i++) p[i] = a.v[i];
}
static inline I32x16 load(const int32_t *p) {
  I32x16 r;
  GK_EACH(r, p[i]);
}
static inline void store(int32_t *p, I32x16 a) { __builtin_memcpy(p, a.v, sizeof a.v); }

static inline F32x16 loadF16(const uint16_t *p) {
  F32x16 r;
  GK_EACH(r, f16ToF32(p[i]));
}
static inline void storeF16(uint16_t *p, F32x16 a) {
  for (int i = 0; i < 16; i++) p[i] = f32ToF16(a.v[i]);
}
static inline I32x16 loadU16(const uint16_t *p) {
  I32x16 r;
  GK_EACH(r, p[i]);
}
static inline void storeU16(uint16_t *p, I32x16 a) {
  for (int i = 0; i < 16; i++) p[i] = static_cast<uint16_t>(a.v[i]);
}
static inline I32x16 loadI8(const void *p) {
  I32x16 r;
  GK_EACH(r, static_cast<const int8_t *>(p)[i]);
}
static inline I32x16 loadU8(const void *p) {
  I32x16 r;
  GK_EACH(r, static_cast<const uint8_t *>(p)[i]);
}
static inline void storeI8(int8_t *p, I32x16 a) {
  for (int i = 0; i < 16; i++) p[i] = static_cast<int8_t>(a.v[i]);
}

static inline F32x16 operator+(F32x16 a, F32x16 b) { GK_EACH(a, a.v[i] + b.v[i]); }
static inline F32x16 operator-(F32x16 a, F32x16 b) { GK_EACH(a, a.v[i] - b.v[i]); }
static inline F32x16 operator*(F32x16 a, F32x16 b) { GK_EACH(a, a.v[i] * b.v[i]); }
static inline F32x16 operator/(F32x16 a, F32x16 b) { GK_EACH(a, a.v[i] / b.v[i]); }
static inline F32x16 fma(F32x16 a, F32x16 b, F32x16 c) { GK_EACH(a, __builtin_fmaf(a.v[i], b.v[i], c.v[i])); }
static inline F32x16 max(F32x16 a, F32x16 b) { GK_EACH(a, a.v[i] > b.v[i] ? a.v[i] : b.v[i]); }
static inline F32x16 min(F32x16 a, F32x16 b) { GK_EACH(a, a.v[i] < b.v[i] ? a.v[i] : b.v[i]); }
static inline F32x16 sqrt(F32x16 a) { GK_EACH(a, __builtin_sqrtf(a.v[i])); }
static inline F32x16 selectLess(F32x16 a, F32x16 b, F32x16 yes, F32x16 no) {
  GK_EACH(a, a.v[i] < b.v[i] ? yes.v[i] : no.v[i]);
}

// Integers wrap, as the vector instructions do.
static inline int32_t wrap(uint32_t x) { return static_cast<int32_t>(x); }
static inline uint32_t word(int32_t x) { return static_cast<uint32_t>(x); }
static inline I32x16 operator+(I32x16 a, I32x16 b) { GK_EACH(a, wrap(word(a.v[i]) + word(b.v[i]))); }
static inline I32x16 operator-(I32x16 a, I32x16 b) { GK_EACH(a, wrap(word(a.v[i]) - word(b.v[i]))); }
static inline I32x16 operator&(I32x16 a, I32x16 b) { GK_EACH(a, a.v[i] & b.v[i]); }
static inline I32x16 operator|(I32x16 a, I32x16 b) { GK_EACH(a, a.v[i] | b.v[i]); }
template <int N>
static inline I32x16 shiftLeft(I32x16 a) {
  GK_EACH(a, wrap(word(a.v[i]) << N));
}
template <int N>
static inline I32x16 shiftRight(I32x16 a) {
  GK_EACH(a, wrap(word(a.v[i]) >> N));
}
static inline I32x16 shiftRightEach(I32x16 a, I32x16 by) { GK_EACH(a, wrap(word(a.v[i]) >> by.v[i])); }
static inline F32x16 lookup(const float *table16, I32x16 index) {
  F32x16 r;
  GK_EACH(r, table16[index.v[i] & 15]);
}
static inline I32x16 selectGreater(I32x16 a, I32x16 b, I32x16 yes, I32x16 no) {
  GK_EACH(a, a.v[i] > b.v[i] ? yes.v[i] : no.v[i]);
}

static inline F32x16 toFloat(I32x16 a) {
  F32x16 r;
  GK_EACH(r, static_cast<float>(a.v[i]));
}
// Adding 1.5 * 2^23 leaves no bits for a fraction: fp32 rounds to the nearest even integer. |a| < 2^22.
static inline I32x16 toInt(F32x16 a) {
  I32x16 r;
  GK_EACH(r, static_cast<int32_t>((a.v[i] + 0x1.8p23f) - 0x1.8p23f));
}
static inline F32x16 asFloat(I32x16 a) {
  F32x16 r;
  GK_EACH(r, floatOf(word(a.v[i])));
}
static inline I32x16 asInt(F32x16 a) {
  I32x16 r;
  GK_EACH(r, wrap(wordOf(a.v[i])));
}

static inline float sum(F32x16 a) {
  for (int n = 8; n > 0; n /= 2)
    for (int i = 0; i < n; i++) a.v[i] += a.v[i + n];
  return a.v[0];
}
static inline float maxOf(F32x16 a) {
  for (int n = 8; n > 0; n /= 2)
    for (int i = 0; i < n; i++) a.v[i] = a.v[i] > a.v[i + n] ? a.v[i] : a.v[i + n];
  return a.v[0];
}
static inline int32_t sum(I32x16 a) {
  uint32_t r = 0;
  for (int i = 0; i < 16; i++) r += word(a.v[i]);
  return wrap(r);
}

// ---- codes: 16 rows x 4 consecutive columns of unsigned bytes ----

static inline U8x64 loadCodes(const uint8_t *p) {
  U8x64 r;
  __builtin_memcpy(r.v, p, sizeof r.v);
  return r;
}
static inline U8x64 operator&(U8x64 a, int mask) {
  for (int i = 0; i < 64; i++) a.v[i] = static_cast<uint8_t>(a.v[i] & mask);
  return a;
}
static inline U8x64 operator|(U8x64 a, U8x64 b) {
  for (int i = 0; i < 64; i++) a.v[i] = static_cast<uint8_t>(a.v[i] | b.v[i]);
  return a;
}
// Left by N, right by -N. Only bits that stay within their byte may be used.
template <int N>
static inline U8x64 shiftBits(U8x64 a) {
  for (int i = 0; i < 64; i++) a.v[i] = static_cast<uint8_t>(N >= 0 ? a.v[i] << (N & 7) : a.v[i] >> (-N & 7));
  return a;
}
static inline U8x64 lookup(const uint8_t *table16, U8x64 index) {
  for (int i = 0; i < 64; i++) index.v[i] = table16[index.v[i] & 15];
  return index;
}
template <int C>
static inline F32x16 columnF8(U8x64 a) {
  F32x16 r;
  GK_EACH(r, floatOf(static_cast<uint32_t>(a.v[4 * i + C] & 0x80) << 24 | static_cast<uint32_t>(a.v[4 * i + C] & 0x7f)
                                                                              << 20));
}
template <int C>
static inline I32x16 column(U8x64 a) {
  I32x16 r;
  GK_EACH(r, a.v[4 * i + C]);
}

template <int N, int Max>
static inline I32x16 dot(I32x16 acc, const U8x64 *codes, const int8_t *q) {
  for (int j = 0; j < N; j++)
    for (int i = 0; i < 16; i++)
      for (int c = 0; c < 4; c++) acc.v[i] += codes[j].v[4 * i + c] * q[4 * j + c];
  return acc;
}
constexpr int kWideBias = 128;  // what dot adds to every 8-bit code beyond its signed value
constexpr int kDots = 1;

// ---- pairs: two neighbouring int16 a lane ----

static inline I32x16 splatPair(const void *pair) {
  int32_t both;
  __builtin_memcpy(&both, pair, sizeof both);
  return splat(both);
}
static inline int32_t lowOf(int32_t pair) { return static_cast<int16_t>(pair); }
static inline int32_t highOf(int32_t pair) { return static_cast<int16_t>(word(pair) >> 16); }
static inline I32x16 dotPairs(I32x16 acc, I32x16 a, I32x16 b) {
  GK_EACH(acc, wrap(word(acc.v[i]) + word(lowOf(a.v[i]) * lowOf(b.v[i]) + highOf(a.v[i]) * highOf(b.v[i]))));
}

#undef GK_EACH

}  // namespace gatun::cpu::GK_ISA
