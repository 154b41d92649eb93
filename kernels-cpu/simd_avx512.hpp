// simd_avx512.hpp: the vectors of simd.hpp in one zmm register each; dot products by VNNI or by 16-bit pairs.
#pragma once

namespace gatun::cpu::GK_ISA {

struct F32x16 {
  __m512 v;
};
struct I32x16 {
  __m512i v;
};
struct U8x64 {
  __m512i v;
};

static inline __mmask16 firstLanes(int64_t n) { return static_cast<__mmask16>(n < 16 ? (1u << n) - 1 : 0xffffu); }

static inline F32x16 splat(float x) { return {_mm512_set1_ps(x)}; }
static inline I32x16 splat(int32_t x) { return {_mm512_set1_epi32(x)}; }

static inline F32x16 load(const float *p) { return {_mm512_loadu_ps(p)}; }
static inline F32x16 load(const float *p, int64_t n) { return {_mm512_maskz_loadu_ps(firstLanes(n), p)}; }
static inline void store(float *p, F32x16 a) { _mm512_storeu_ps(p, a.v); }
static inline void store(float *p, F32x16 a, int64_t n) { _mm512_mask_storeu_ps(p, firstLanes(n), a.v); }
static inline I32x16 load(const int32_t *p) { return {_mm512_loadu_si512(p)}; }
static inline void store(int32_t *p, I32x16 a) { _mm512_storeu_si512(p, a.v); }

static inline F32x16 loadF16(const uint16_t *p) {
  return {_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(p)))};
}
static inline void storeF16(uint16_t *p, F32x16 a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i *>(p), _mm512_cvtps_ph(a.v, _MM_FROUND_TO_NEAREST_INT));
}
static inline I32x16 loadU16(const uint16_t *p) {
  return {_mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(p)))};
}
static inline void storeU16(uint16_t *p, I32x16 a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i *>(p), _mm512_cvtepi32_epi16(a.v));
}
static inline I32x16 loadI8(const void *p) {
  return {_mm512_cvtepi8_epi32(_mm_loadu_si128(static_cast<const __m128i *>(p)))};
}
static inline I32x16 loadU8(const void *p) {
  return {_mm512_cvtepu8_epi32(_mm_loadu_si128(static_cast<const __m128i *>(p)))};
}
static inline void storeI8(int8_t *p, I32x16 a) {
  _mm_storeu_si128(reinterpret_cast<__m128i *>(p), _mm512_cvtepi32_epi8(a.v));
}

static inline F32x16 operator+(F32x16 a, F32x16 b) { return {_mm512_add_ps(a.v, b.v)}; }
static inline F32x16 operator-(F32x16 a, F32x16 b) { return {_mm512_sub_ps(a.v, b.v)}; }
static inline F32x16 operator*(F32x16 a, F32x16 b) { return {_mm512_mul_ps(a.v, b.v)}; }
static inline F32x16 operator/(F32x16 a, F32x16 b) { return {_mm512_div_ps(a.v, b.v)}; }
static inline F32x16 fma(F32x16 a, F32x16 b, F32x16 c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
static inline F32x16 max(F32x16 a, F32x16 b) { return {_mm512_max_ps(a.v, b.v)}; }
static inline F32x16 min(F32x16 a, F32x16 b) { return {_mm512_min_ps(a.v, b.v)}; }
static inline F32x16 sqrt(F32x16 a) { return {_mm512_sqrt_ps(a.v)}; }
static inline F32x16 selectLess(F32x16 a, F32x16 b, F32x16 yes, F32x16 no) {
  return {_mm512_mask_blend_ps(_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ), no.v, yes.v)};
}

static inline I32x16 operator+(I32x16 a, I32x16 b) { return {_mm512_add_epi32(a.v, b.v)}; }
static inline I32x16 operator-(I32x16 a, I32x16 b) { return {_mm512_sub_epi32(a.v, b.v)}; }
static inline I32x16 operator&(I32x16 a, I32x16 b) { return {_mm512_and_si512(a.v, b.v)}; }
static inline I32x16 operator|(I32x16 a, I32x16 b) { return {_mm512_or_si512(a.v, b.v)}; }
template <int N>
static inline I32x16 shiftLeft(I32x16 a) {
  return {_mm512_slli_epi32(a.v, N)};
}
template <int N>
static inline I32x16 shiftRight(I32x16 a) {
  return {_mm512_srli_epi32(a.v, N)};
}
static inline I32x16 shiftRightEach(I32x16 a, I32x16 by) { return {_mm512_srlv_epi32(a.v, by.v)}; }
static inline F32x16 lookup(const float *table16, I32x16 index) {
  return {_mm512_permutexvar_ps(index.v, _mm512_loadu_ps(table16))};
}
static inline I32x16 selectGreater(I32x16 a, I32x16 b, I32x16 yes, I32x16 no) {
  return {_mm512_mask_blend_epi32(_mm512_cmpgt_epi32_mask(a.v, b.v), no.v, yes.v)};
}

static inline F32x16 toFloat(I32x16 a) { return {_mm512_cvtepi32_ps(a.v)}; }
static inline I32x16 toInt(F32x16 a) { return {_mm512_cvtps_epi32(a.v)}; }
static inline F32x16 asFloat(I32x16 a) { return {_mm512_castsi512_ps(a.v)}; }
static inline I32x16 asInt(F32x16 a) { return {_mm512_castps_si512(a.v)}; }

static inline float sum(F32x16 a) {
  const __m256 h = _mm256_add_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
  const __m128 q = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  const __m128 d = _mm_add_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_add_ss(d, _mm_shuffle_ps(d, d, 1)));
}
static inline float maxOf(F32x16 a) { return _mm512_reduce_max_ps(a.v); }
static inline int32_t sum(I32x16 a) { return _mm512_reduce_add_epi32(a.v); }

// ---- codes: 16 rows x 4 consecutive columns of unsigned bytes ----

static inline U8x64 loadCodes(const uint8_t *p) { return {_mm512_loadu_si512(p)}; }
static inline U8x64 operator&(U8x64 a, int mask) {
  return {_mm512_and_si512(a.v, _mm512_set1_epi8(static_cast<char>(mask)))};
}
static inline U8x64 operator|(U8x64 a, U8x64 b) { return {_mm512_or_si512(a.v, b.v)}; }
// Bits cross bytes within a 16-bit pair: mask the result to bits that come from the own byte.
template <int N>
static inline U8x64 shiftBits(U8x64 a) {
  if constexpr (N >= 0)
    return {_mm512_slli_epi16(a.v, N)};
  else
    return {_mm512_srli_epi16(a.v, -N)};
}
static inline U8x64 lookup(const uint8_t *table16, U8x64 index) {
  const __m128i t = _mm_loadu_si128(reinterpret_cast<const __m128i *>(table16));
  return {_mm512_shuffle_epi8(_mm512_broadcast_i32x4(t), index.v)};
}
template <int C>
static inline F32x16 columnF8(U8x64 a) {
  const __m512i fields = _mm512_srai_epi32(_mm512_slli_epi32(a.v, 24 - 8 * C), 4);  // in place, and a few more bits
  return {_mm512_castsi512_ps(_mm512_and_si512(fields, _mm512_set1_epi32(static_cast<int>(0x87f00000))))};
}
template <int C>
static inline I32x16 column(U8x64 a) {
  return {_mm512_and_si512(_mm512_srli_epi32(a.v, 8 * C), _mm512_set1_epi32(0xff))};
}

// Four activations as one lane to broadcast from memory.
using FourCodes = int32_t __attribute__((may_alias, aligned(1)));

template <int N, int Max>
static inline I32x16 dot(I32x16 acc, const U8x64 *codes, const int8_t *q) {
  const auto *a = reinterpret_cast<const FourCodes *>(q);
#ifdef __AVX512VNNI__
  for (int j = 0; j < N; j++) acc.v = _mm512_dpbusd_epi32(acc.v, codes[j].v, _mm512_set1_epi32(a[j]));
#else
  const __m512i ones = _mm512_set1_epi16(1);
  if constexpr (Max > 127) {
    // |code - 128| <= 128 and |q| <= 127: a pair's sum stays within 16 bits, which 255 * 127 * 2 does not.
    const __m512i bias = _mm512_set1_epi8(-128);
    for (int j = 0; j < N; j++) {
      const __m512i s = _mm512_xor_si512(codes[j].v, bias);
      const __m512i x = _mm512_set1_epi32(a[j]);
      const __m512i y = _mm512_mask_sub_epi8(x, _mm512_movepi8_mask(s), _mm512_setzero_si512(), x);
      acc.v = _mm512_add_epi32(acc.v, _mm512_madd_epi16(_mm512_maddubs_epi16(_mm512_abs_epi8(s), y), ones));
    }
  } else {
    constexpr int kRun = 32767 / (Max * 254);  // pair sums that 16 bits hold
    for (int j = 0; j < N; j += kRun) {
      __m512i pairs = _mm512_maddubs_epi16(codes[j].v, _mm512_set1_epi32(a[j]));
      for (int i = j + 1; i < j + kRun && i < N; i++)
        pairs = _mm512_add_epi16(pairs, _mm512_maddubs_epi16(codes[i].v, _mm512_set1_epi32(a[i])));
      acc.v = _mm512_add_epi32(acc.v, _mm512_madd_epi16(pairs, ones));
    }
  }
#endif
  return acc;
}
#ifdef __AVX512VNNI__
constexpr int kWideBias = 128;  // what dot adds to every 8-bit code beyond its signed value
constexpr int kDots = 4;        // vpdpbusd takes 4 or 5 cycles and begins each cycle
#else
constexpr int kWideBias = 0;
constexpr int kDots = 1;
#endif

// ---- pairs: two neighbouring int16 a lane ----

static inline I32x16 splatPair(const void *pair) { return {_mm512_set1_epi32(*static_cast<const FourCodes *>(pair))}; }
static inline I32x16 dotPairs(I32x16 acc, I32x16 a, I32x16 b) {
#ifdef __AVX512VNNI__
  return {_mm512_dpwssd_epi32(acc.v, a.v, b.v)};
#else
  return {_mm512_add_epi32(acc.v, _mm512_madd_epi16(a.v, b.v))};
#endif
}

}  // namespace gatun::cpu::GK_ISA
