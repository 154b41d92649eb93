// cache_page.hpp: where a key or value lies in a page of the CPU back end's cache.
//
// A page is (kv_heads, keys then values). The keys of a head are (head_dim, GK_PAGE_TOKENS), so that the scores of 16
// positions are 16 lanes, the values (GK_PAGE_TOKENS, head_dim). With types that have scales these are the codes, and
// the float16 scales follow: of keys (scales of a head, GK_PAGE_TOKENS), of values (GK_PAGE_TOKENS, scales of a head).
// Tokens share no byte, so that threads may store neighbours:
//   GK_Q4_0, plus 8, and GK_TURBO4, two codes a byte, low bits first: of keys elements 2 i and 2 i + 1, of values
//   elements i and i + 16 of a block of 32.
//   GK_TURBO3 in two parts: the magnitudes of all codes, 2 bits each, then their signs. Of keys (head_dim / 4,
//   GK_PAGE_TOKENS) and (head_dim / 8, GK_PAGE_TOKENS) bytes, of values (GK_PAGE_TOKENS, head_dim / 4) and
//   (GK_PAGE_TOKENS, head_dim / 8), low bits first.
// A page of a latent cache is one plane of that kind, laid out as values are.
#pragma once

#include <cstdint>

#include "gatun/kernels.h"
#include "turbo.hpp"

namespace gatun::cpu {

constexpr int64_t cacheMaxDim = 640;
constexpr int64_t cacheBlock = 32;
constexpr int64_t cacheMaxScales = 32;  // of one head of one token, and some to fill a vector

static inline bool cacheHasScales(int32_t dtype) { return dtype == GK_Q8_0 || dtype == GK_Q4_0 || turbo::is(dtype); }

// Scales of one head of one token.
static inline int64_t cacheScales(int32_t dtype, int64_t headDim) {
  return turbo::is(dtype) ? 1 : cacheHasScales(dtype) ? headDim / cacheBlock : 0;
}

// Whether heads are multiplied by the Walsh-Hadamard matrix before they are rounded.
static inline bool cacheSpreadsKeys(int32_t dtype) { return dtype == GK_Q4_0 || turbo::is(dtype); }
static inline bool cacheSpreadsValues(int32_t dtype) { return turbo::is(dtype); }

static inline int64_t cachePlaneElements(int64_t headDim) { return GK_PAGE_TOKENS * headDim; }

// Bytes of a head's codes in a page: all there is but for scales.
static inline int64_t cacheCodeBytes(int32_t dtype, int64_t headDim) {
  const int64_t elements = cachePlaneElements(headDim);
  switch (dtype) {
    case GK_F32:
      return 4 * elements;
    case GK_F16:
    case GK_BF16:
      return 2 * elements;
    case GK_Q4_0:
    case GK_TURBO4:
      return elements / 2;
    case GK_TURBO3:
      return elements / 8 * 3;
    default:  // GK_F8, GK_Q8_0
      return elements;
  }
}

// Bytes of a head's keys, or of its values, in a page.
static inline int64_t cachePlaneBytes(int32_t dtype, int64_t headDim) {
  return cacheCodeBytes(dtype, headDim) + 2 * GK_PAGE_TOKENS * cacheScales(dtype, headDim);
}

static inline int64_t cachePageBytesOf(const gk_cache &cache) {
  if (cache.latent != 0) {
    return cachePlaneBytes(cache.key_dtype, cache.head_dim);
  }
  return cache.kv_heads *
         (cachePlaneBytes(cache.key_dtype, cache.head_dim) + cachePlaneBytes(cache.value_dtype, cache.head_dim));
}

// The keys of a head in a page.
static inline uint8_t *cacheKeys(const gk_cache &cache, int32_t page, int64_t head) {
  const int64_t pageBytes = cachePageBytesOf(cache);
  return static_cast<uint8_t *>(cache.pages) + page * pageBytes + head * (pageBytes / cache.kv_heads);
}

static inline uint8_t *cacheValues(const gk_cache &cache, int32_t page, int64_t head) {
  return cacheKeys(cache, page, head) + cachePlaneBytes(cache.key_dtype, cache.head_dim);
}

}  // namespace gatun::cpu
