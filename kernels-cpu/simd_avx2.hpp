// simd_avx2.hpp: the vectors of simd.hpp in two ymm registers each; dot products by 16-bit pairs.
#pragma once

namespace gatun::cpu::GK_ISA {

struct F32x16 {
  __m256 lo, hi;
};
struct I32x16 {
  __m256i lo, hi;
};
struct U8x64 {
  __m256i lo, hi;
};

static inline __m256i load256(const void *p) { return _mm256_loadu_si256(static_cast<const __m256i *>(p)); }
static inline __m128i load128(const void *p) { return _mm_loadu_si128(static_cast<const __m128i *>(p)); }
static inline __m256i firstLanes(int64_t n) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), lane);
}

static inline F32x16 splat(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
static inline I32x16 splat(int32_t x) { return {_mm256_set1_epi32(x), _mm256_set1_epi32(x)}; }

static inline F32x16 load(const float *p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
static inline F32x16 load(const float *p, int64_t n) {
  return {_mm256_maskload_ps(p, firstLanes(n)),
          n > 8 ? _mm256_maskload_ps(p + 8, firstLanes(n - 8)) : _mm256_setzero_ps()};
}
static inline void store(float *p, F32x16 a) {
  _mm256_storeu_ps(p, a.lo);
  _mm256_storeu_ps(p + 8, a.hi);
}
static inline void store(float *p, F32x16 a, int64_t n) {
  _mm256_maskstore_ps(p, firstLanes(n), a.lo);
  if (n > 8) _mm256_maskstore_ps(p + 8, firstLanes(n - 8), a.hi);
}
static inline I32x16 load(const int32_t *p) { return {load256(p), load256(p + 8)}; }
static inline void store(int32_t *p, I32x16 a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i *>(p), a.lo);
  _mm256_storeu_si256(reinterpret_cast<__m256i *>(p + 8), a.hi);
}

static inline F32x16 loadF16(const uint16_t *p) {
  return {_mm256_cvtph_ps(load128(p)), _mm256_cvtph_ps(load128(p + 8))};
}
static inline void storeF16(uint16_t *p, F32x16 a) {
  _mm_storeu_si128(reinterpret_cast<__m128i *>(p), _mm256_cvtps_ph(a.lo, _MM_FROUND_TO_NEAREST_INT));
  _mm_storeu_si128(reinterpret_cast<__m128i *>(p + 8), _mm256_cvtps_ph(a.hi, _MM_FROUND_TO_NEAREST_INT));
}
static inline I32x16 loadU16(const uint16_t *p) {
  return {_mm256_cvtepu16_epi32(load128(p)), _mm256_cvtepu16_epi32(load128(p + 8))};
}
static inline void storeU16(uint16_t *p, I32x16 a) {
  const __m256i mask = _mm256_set1_epi32(0xffff);
  const __m256i packed = _mm256_packus_epi32(_mm256_and_si256(a.lo, mask), _mm256_and_si256(a.hi, mask));
  _mm256_storeu_si256(reinterpret_cast<__m256i *>(p), _mm256_permute4x64_epi64(packed, 0xd8));
}
static inline I32x16 loadI8(const void *p) {
  const __m128i b = load128(p);
  return {_mm256_cvtepi8_epi32(b), _mm256_cvtepi8_epi32(_mm_srli_si128(b, 8))};
}
static inline I32x16 loadU8(const void *p) {
  const __m128i b = load128(p);
  return {_mm256_cvtepu8_epi32(b), _mm256_cvtepu8_epi32(_mm_srli_si128(b, 8))};
}
static inline void storeI8(int8_t *p, I32x16 a) {
  const __m256i w = _mm256_permute4x64_epi64(_mm256_packs_epi32(a.lo, a.hi), 0xd8);
  const __m128i b = _mm_packs_epi16(_mm256_castsi256_si128(w), _mm256_extracti128_si256(w, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i *>(p), b);
}

static inline F32x16 operator+(F32x16 a, F32x16 b) { return {_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi)}; }
static inline F32x16 operator-(F32x16 a, F32x16 b) { return {_mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi)}; }
static inline F32x16 operator*(F32x16 a, F32x16 b) { return {_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi)}; }
static inline F32x16 operator/(F32x16 a, F32x16 b) { return {_mm256_div_ps(a.lo, b.lo), _mm256_div_ps(a.hi, b.hi)}; }
static inline F32x16 fma(F32x16 a, F32x16 b, F32x16 c) {
  return {_mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi)};
}
static inline F32x16 max(F32x16 a, F32x16 b) { return {_mm256_max_ps(a.lo, b.lo), _mm256_max_ps(a.hi, b.hi)}; }
static inline F32x16 min(F32x16 a, F32x16 b) { return {_mm256_min_ps(a.lo, b.lo), _mm256_min_ps(a.hi, b.hi)}; }
static inline F32x16 sqrt(F32x16 a) { return {_mm256_sqrt_ps(a.lo), _mm256_sqrt_ps(a.hi)}; }
static inline F32x16 selectLess(F32x16 a, F32x16 b, F32x16 yes, F32x16 no) {
  return {_mm256_blendv_ps(no.lo, yes.lo, _mm256_cmp_ps(a.lo, b.lo, _CMP_LT_OQ)),
          _mm256_blendv_ps(no.hi, yes.hi, _mm256_cmp_ps(a.hi, b.hi, _CMP_LT_OQ))};
}

static inline I32x16 operator+(I32x16 a, I32x16 b) {
  return {_mm256_add_epi32(a.lo, b.lo), _mm256_add_epi32(a.hi, b.hi)};
}
static inline I32x16 operator-(I32x16 a, I32x16 b) {
  return {_mm256_sub_epi32(a.lo, b.lo), _mm256_sub_epi32(a.hi, b.hi)};
}
static inline I32x16 operator&(I32x16 a, I32x16 b) {
  return {_mm256_and_si256(a.lo, b.lo), _mm256_and_si256(a.hi, b.hi)};
}
static inline I32x16 operator|(I32x16 a, I32x16 b) {
  return {_mm256_or_si256(a.lo, b.lo), _mm256_or_si256(a.hi, b.hi)};
}
template <int N>
static inline I32x16 shiftLeft(I32x16 a) {
  return {_mm256_slli_epi32(a.lo, N), _mm256_slli_epi32(a.hi, N)};
}
template <int N>
static inline I32x16 shiftRight(I32x16 a) {
  return {_mm256_srli_epi32(a.lo, N), _mm256_srli_epi32(a.hi, N)};
}
static inline I32x16 shiftRightEach(I32x16 a, I32x16 by) {
  return {_mm256_srlv_epi32(a.lo, by.lo), _mm256_srlv_epi32(a.hi, by.hi)};
}
static inline __m256 lookup(__m256 first, __m256 last, __m256i index) {
  return _mm256_blendv_ps(_mm256_permutevar8x32_ps(first, index), _mm256_permutevar8x32_ps(last, index),
                          _mm256_castsi256_ps(_mm256_slli_epi32(index, 28)));
}
static inline F32x16 lookup(const float *table16, I32x16 index) {
  const F32x16 t = load(table16);
  return {lookup(t.lo, t.hi, index.lo), lookup(t.lo, t.hi, index.hi)};
}
static inline I32x16 selectGreater(I32x16 a, I32x16 b, I32x16 yes, I32x16 no) {
  return {_mm256_blendv_epi8(no.lo, yes.lo, _mm256_cmpgt_epi32(a.lo, b.lo)),
          _mm256_blendv_epi8(no.hi, yes.hi, _mm256_cmpgt_epi32(a.hi, b.hi))};
}

static inline F32x16 toFloat(I32x16 a) { return {_mm256_cvtepi32_ps(a.lo), _mm256_cvtepi32_ps(a.hi)}; }
static inline I32x16 toInt(F32x16 a) { return {_mm256_cvtps_epi32(a.lo), _mm256_cvtps_epi32(a.hi)}; }
static inline F32x16 asFloat(I32x16 a) { return {_mm256_castsi256_ps(a.lo), _mm256_castsi256_ps(a.hi)}; }
static inline I32x16 asInt(F32x16 a) { return {_mm256_castps_si256(a.lo), _mm256_castps_si256(a.hi)}; }

static inline float sum(F32x16 a) {
  const __m256 h = _mm256_add_ps(a.lo, a.hi);
  const __m128 q = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  const __m128 d = _mm_add_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_add_ss(d, _mm_shuffle_ps(d, d, 1)));
}
static inline float maxOf(F32x16 a) {
  const __m256 h = _mm256_max_ps(a.lo, a.hi);
  const __m128 q = _mm_max_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  const __m128 d = _mm_max_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_max_ss(d, _mm_shuffle_ps(d, d, 1)));
}
static inline int32_t sum(I32x16 a) {
  const __m256i h = _mm256_add_epi32(a.lo, a.hi);
  const __m128i q = _mm_add_epi32(_mm256_castsi256_si128(h), _mm256_extracti128_si256(h, 1));
  const __m128i d = _mm_add_epi32(q, _mm_shuffle_epi32(q, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(d, _mm_shuffle_epi32(d, 0xb1)));
}

// ---- codes: 16 rows x 4 consecutive columns of unsigned bytes ----

static inline U8x64 loadCodes(const uint8_t *p) { return {load256(p), load256(p + 32)}; }
static inline U8x64 operator&(U8x64 a, int mask) {
  const __m256i m = _mm256_set1_epi8(static_cast<char>(mask));
  return {_mm256_and_si256(a.lo, m), _mm256_and_si256(a.hi, m)};
}
static inline U8x64 operator|(U8x64 a, U8x64 b) { return {_mm256_or_si256(a.lo, b.lo), _mm256_or_si256(a.hi, b.hi)}; }
// Bits cross bytes within a 16-bit pair: mask the result to bits that come from the own byte.
template <int N>
static inline U8x64 shiftBits(U8x64 a) {
  if constexpr (N >= 0)
    return {_mm256_slli_epi16(a.lo, N), _mm256_slli_epi16(a.hi, N)};
  else
    return {_mm256_srli_epi16(a.lo, -N), _mm256_srli_epi16(a.hi, -N)};
}
static inline U8x64 lookup(const uint8_t *table16, U8x64 index) {
  const __m256i t = _mm256_broadcastsi128_si256(load128(table16));
  return {_mm256_shuffle_epi8(t, index.lo), _mm256_shuffle_epi8(t, index.hi)};
}
template <int C>
static inline __m256 columnF8(__m256i a) {
  const __m256i fields = _mm256_srai_epi32(_mm256_slli_epi32(a, 24 - 8 * C), 4);  // in place, and a few more bits
  return _mm256_castsi256_ps(_mm256_and_si256(fields, _mm256_set1_epi32(static_cast<int>(0x87f00000))));
}
template <int C>
static inline F32x16 columnF8(U8x64 a) {
  return {columnF8<C>(a.lo), columnF8<C>(a.hi)};
}
template <int C>
static inline I32x16 column(U8x64 a) {
  const __m256i mask = _mm256_set1_epi32(0xff);
  return {_mm256_and_si256(_mm256_srli_epi32(a.lo, 8 * C), mask),
          _mm256_and_si256(_mm256_srli_epi32(a.hi, 8 * C), mask)};
}

// Four activations as one lane to broadcast from memory.
using FourCodes = int32_t __attribute__((may_alias, aligned(1)));

template <int N, int Max>
static inline __m256i dotHalf(__m256i acc, const __m256i *codes, const FourCodes *a) {
  const __m256i ones = _mm256_set1_epi16(1);
  if constexpr (Max > 127) {
    // |code - 128| <= 128 and |q| <= 127: a pair's sum stays within 16 bits, which 255 * 127 * 2 does not.
    for (int j = 0; j < N; j++) {
      const __m256i s = _mm256_xor_si256(codes[j], _mm256_set1_epi8(-128));
      const __m256i y = _mm256_sign_epi8(_mm256_set1_epi32(a[j]), s);
      acc = _mm256_add_epi32(acc, _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_abs_epi8(s), y), ones));
    }
  } else {
    constexpr int kRun = 32767 / (Max * 254);  // pair sums that 16 bits hold
    for (int j = 0; j < N; j += kRun) {
      __m256i pairs = _mm256_maddubs_epi16(codes[j], _mm256_set1_epi32(a[j]));
      for (int i = j + 1; i < j + kRun && i < N; i++)
        pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(codes[i], _mm256_set1_epi32(a[i])));
      acc = _mm256_add_epi32(acc, _mm256_madd_epi16(pairs, ones));
    }
  }
  return acc;
}
template <int N, int Max>
static inline I32x16 dot(I32x16 acc, const U8x64 *codes, const int8_t *q) {
  const auto *a = reinterpret_cast<const FourCodes *>(q);
  __m256i lo[N], hi[N];
  for (int j = 0; j < N; j++) {
    lo[j] = codes[j].lo;
    hi[j] = codes[j].hi;
  }
  return {dotHalf<N, Max>(acc.lo, lo, a), dotHalf<N, Max>(acc.hi, hi, a)};
}
constexpr int kWideBias = 0;  // what dot adds to every 8-bit code beyond its signed value
constexpr int kDots = 1;

// ---- pairs: two neighbouring int16 a lane ----

static inline I32x16 splatPair(const void *pair) {
  const __m256i both = _mm256_set1_epi32(*static_cast<const FourCodes *>(pair));
  return {both, both};
}
static inline I32x16 dotPairs(I32x16 acc, I32x16 a, I32x16 b) {
  return {_mm256_add_epi32(acc.lo, _mm256_madd_epi16(a.lo, b.lo)),
          _mm256_add_epi32(acc.hi, _mm256_madd_epi16(a.hi, b.hi))};
}

}  // namespace gatun::cpu::GK_ISA
