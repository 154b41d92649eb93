// cache_page.hpp: where a key or value lies in a page of the CPU back end's cache.
//
// A page is (kv_heads, 2, ...) of the cache's type: for each head first the keys as (head_dim, GK_PAGE_TOKENS), so that
// the scores of 16 positions are 16 lanes, then the values as (GK_PAGE_TOKENS, head_dim).
#pragma once

#include <cstdint>

#include "gatun/kernels.h"

namespace gatun::cpu {

static inline int64_t cachePlaneElements(const gk_cache &cache) { return int64_t{GK_PAGE_TOKENS} * cache.head_dim; }

static inline int64_t cachePageBytesOf(const gk_cache &cache) {
  return cache.kv_heads * 2 * cachePlaneElements(cache) * (cache.key_dtype == GK_F16 ? 2 : 4);
}

// The keys of a head in a page; its values follow after cachePlaneElements.
template <class T>
static inline T *cachePlane(const gk_cache &cache, int32_t page, int64_t head) {
  char *const start = static_cast<char *>(cache.pages) + page * cachePageBytesOf(cache);
  return reinterpret_cast<T *>(start) + head * 2 * cachePlaneElements(cache);
}

}  // namespace gatun::cpu
