// latent_store.cpp: LatentStore. Bytes moved a token: 8 head_dim of kv and its cache entry, 8 rope.dim a query head.
// Operations: 4 an element of the latent for its norm, 3 an element that turns.
#include "cache_store.hpp"
#include "ops.hpp"
#include "rotate.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

constexpr int64_t elementsWorthThreads = 1 << 13;

struct Store {
  const gk_rope &rope;
  const gk_batch &batch;
  const gk_tensor &q, &kv, &absorbed;
  const gk_cache &cache;
};

float *row(const gk_tensor &t, int64_t r) { return static_cast<float *>(t.data) + r * t.stride; }

void storeLatent(const Store &s, int64_t token) {
  const gk_cache &cache = s.cache;
  float head[cacheMaxDim];
  __builtin_memcpy(head, row(s.kv, token), static_cast<size_t>(cache.head_dim) * sizeof(float));
  normalize(head, s.rope.k_norm, s.rope.norm_eps, cache.latent);
  rotate(head + cache.latent, s.rope, token);
  const int32_t position = s.batch.position[token];
  const int64_t entry = int64_t{s.batch.sequence[token]} * s.batch.max_pages + position / GK_PAGE_TOKENS;
  uint8_t *const page = static_cast<uint8_t *>(cache.pages) + s.batch.page_table[entry] * cachePageBytesOf(cache);
  storeValue(cache.key_dtype, page, position % GK_PAGE_TOKENS, head, cache.head_dim);
}

void storeTokens(void *arg, int64_t begin, int64_t end, int) {
  const Store &s = *static_cast<const Store *>(arg);
  const int64_t dim = s.rope.dim, to = s.cache.head_dim;
  const int64_t heads = s.absorbed.cols / to, from = s.q.cols / heads;
  for (int64_t token = begin; token < end; ++token) {
    if (isPadding(s.batch, token)) {
      continue;
    }
    for (int64_t h = 0; h < heads; ++h) {
      float *const tail = row(s.absorbed, token) + (h + 1) * to - dim;
      __builtin_memcpy(tail, row(s.q, token) + (h + 1) * from - dim, static_cast<size_t>(dim) * sizeof(float));
      rotate(tail, s.rope, token);
    }
    storeLatent(s, token);
  }
}

}  // namespace

void latentStore(Pool &pool, const gk_rope &rope, const gk_batch &batch, const gk_tensor &q, const gk_tensor &kv,
                 const gk_tensor &absorbed, const gk_cache &cache) {
  checkPages(batch, cache, false);
  Store store{rope, batch, q, kv, absorbed, cache};
  const int64_t work = batch.tokens * (kv.cols + absorbed.cols / cache.head_dim * rope.dim);
  pool.parallelFor(batch.tokens, work < elementsWorthThreads ? batch.tokens + 1 : 1, storeTokens, &store);
}

}  // namespace gatun::cpu::GK_ISA
