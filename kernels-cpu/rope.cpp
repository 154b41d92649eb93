// rope.cpp: RopeStore.
//
// Bytes moved: q is read and written, k and v are read, and their cache entries written: per token
// 8 heads * head_dim + kv_heads * head_dim * (8 + bytes of the cache's two types).
// Operations: per element of q and k one addition of a bias, 4 of a norm, 3 of the rotation and 1 + log2 head_dim of
// the Walsh-Hadamard matrix, where they apply.
#include "cache_store.hpp"
#include "hadamard.hpp"
#include "ops.hpp"
#include "rotate.hpp"
#include "simd.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

constexpr int64_t elementsWorthThreads = 1 << 13;

struct Store {
  const gk_rope *rope;
  const gk_batch *batch;
  const gk_tensor *q;
  const gk_tensor *k;
  const gk_tensor *v;
  const gk_cache *cache;
};

const float *row(const gk_tensor &t, int64_t r) { return static_cast<const float *>(t.data) + r * t.stride; }

// to = from + bias
void addBias(float *to, const float *from, const float *bias, int64_t dim) {
  for (int64_t i = 0; i < dim; i += 16) {
    const F32x16 a = load(from + i);
    store(to + i, bias != nullptr ? a + load(bias + i) : a);
  }
}

// to = the head with bias, norm and rotation.
void prepare(float *to, const float *from, const float *bias, const float *norm, const gk_rope &rope, int64_t token,
             int64_t dim) {
  addBias(to, from, bias, dim);
  if (norm != nullptr) {
    normalize(to, norm, rope.norm_eps, dim);
  }
  rotate(to, rope, token);
}

const float *ofHead(const float *bias, int64_t h, int64_t dim) { return bias != nullptr ? bias + h * dim : nullptr; }

void storeHeads(const Store &s, int64_t token) {
  const gk_cache &cache = *s.cache;
  const gk_rope &rope = *s.rope;
  const int64_t dim = cache.head_dim;
  const int32_t position = s.batch->position[token];
  const int32_t slot = position % GK_PAGE_TOKENS;
  const int64_t entry = int64_t{s.batch->sequence[token]} * s.batch->max_pages + position / GK_PAGE_TOKENS;
  const int32_t page = s.batch->page_table[entry];
  float head[cacheMaxDim];
  for (int64_t h = 0; h < cache.kv_heads; ++h) {
    prepare(head, row(*s.k, token) + h * dim, ofHead(rope.k_bias, h, dim), rope.k_norm, rope, token, dim);
    if (cacheSpreadsKeys(cache.key_dtype)) {
      hadamard(head, dim);
    }
    storeKey(cache.key_dtype, cacheKeys(cache, page, h), slot, head, dim);
    addBias(head, row(*s.v, token) + h * dim, ofHead(rope.v_bias, h, dim), dim);
    if (cacheSpreadsValues(cache.value_dtype)) {
      hadamard(head, dim);
    }
    storeValue(cache.value_dtype, cacheValues(cache, page, h), slot, head, dim);
  }
}

void storeTokens(void *arg, int64_t begin, int64_t end, int) {
  const Store &s = *static_cast<const Store *>(arg);
  const gk_rope &rope = *s.rope;
  const int64_t dim = s.cache->head_dim;
  const int64_t heads = s.q->cols / dim;
  for (int64_t token = begin; token < end; ++token) {
    if (isPadding(*s.batch, token)) {
      continue;
    }
    float *const q = static_cast<float *>(s.q->data) + token * s.q->stride;
    for (int64_t h = 0; h < heads; ++h) {
      prepare(q + h * dim, q + h * dim, ofHead(rope.q_bias, h, dim), rope.q_norm, rope, token, dim);
      if (cacheSpreadsKeys(s.cache->key_dtype)) {
        hadamard(q + h * dim, dim);
      }
    }
    storeHeads(s, token);
  }
}

}  // namespace

void ropeStore(Pool &pool, const gk_rope &rope, const gk_batch &batch, const gk_tensor &q, const gk_tensor &k,
               const gk_tensor &v, const gk_cache &cache) {
  checkPages(batch, cache, false);
  Store store{&rope, &batch, &q, &k, &v, &cache};
  const int64_t tokens = batch.tokens;
  const bool few = tokens * (q.cols + k.cols + v.cols) < elementsWorthThreads;
  // A chunk is as long as a page, since neighbours in a page share cache lines of keys.
  const int64_t share = (tokens + pool.threads() - 1) / pool.threads();
  pool.parallelFor(tokens, few ? tokens + 1 : share < GK_PAGE_TOKENS ? share : GK_PAGE_TOKENS, storeTokens, &store);
}

}  // namespace gatun::cpu::GK_ISA
