// dispatch_attention.cpp: the exported ops of attention and its cache: each checks its operands and calls the queue's
// back end.
#include "checks.hpp"
#include "guard.hpp"

using gatun::Backend;
using gatun::guarded;
namespace checks = gatun::checks;

int32_t gk_cache_page_bytes(gk_queue *queue, const gk_cache *cache, int64_t *bytes) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::cacheShape(cache);
    checks::present(bytes, "bytes");
    *bytes = backend.cachePageBytes(*cache);
  });
}

int32_t gk_rope_table(gk_queue *queue, const gk_batch *batch, const float *inv_freq, int32_t dim, float scale,
                      float *table) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::batch(batch);
    checks::floats(inv_freq, "inv_freq");
    checks::within("dim", dim, 2, 256);
    if (dim % 2 != 0) {
      checks::refuse("dim is %d, expected an even number", dim);
    }
    checks::finite("scale", scale);
    checks::floats(table, "table");
    backend.ropeTable(*batch, inv_freq, dim, scale, table);
  });
}

int32_t gk_rope_store(gk_queue *queue, const gk_rope *rope, const gk_batch *batch, const gk_tensor *q,
                      const gk_tensor *k, const gk_tensor *v, const gk_cache *cache) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::present(rope, "rope");
    checks::batch(batch);
    checks::cache(cache);
    checks::within("cache.latent", cache->latent, 0, 0);
    checks::floats(rope->table, "rope.table");
    checks::optionalFloats(rope->q_bias, "rope.q_bias");
    checks::optionalFloats(rope->k_bias, "rope.k_bias");
    checks::optionalFloats(rope->v_bias, "rope.v_bias");
    checks::optionalFloats(rope->q_norm, "rope.q_norm");
    checks::optionalFloats(rope->k_norm, "rope.k_norm");
    if (rope->q_norm != nullptr || rope->k_norm != nullptr) {
      checks::epsilon("rope.norm_eps", rope->norm_eps);
    }
    checks::within("rope.dim", rope->dim, 2, cache->head_dim);
    if (rope->dim % 2 != 0) {
      checks::refuse("rope.dim is %d, expected an even number", rope->dim);
    }
    checks::within("rope.style", rope->style, GK_ROPE_HALF_SPLIT, GK_ROPE_INTERLEAVED);
    const int64_t width = int64_t{cache->kv_heads} * cache->head_dim;
    checks::tensor(q, "q", GK_F32);
    checks::tensor(k, "k", GK_F32);
    checks::tensor(v, "v", GK_F32);
    checks::equal("q.rows", q->rows, "batch.tokens", batch->tokens);
    checks::equal("k.rows", k->rows, "batch.tokens", batch->tokens);
    checks::equal("v.rows", v->rows, "batch.tokens", batch->tokens);
    checks::equal("k.cols", k->cols, "cache.kv_heads * cache.head_dim", width);
    checks::equal("v.cols", v->cols, "cache.kv_heads * cache.head_dim", width);
    if (q->cols % width != 0) {
      checks::refuse("q.cols is %lld, expected a multiple of cache.kv_heads * cache.head_dim, which is %lld",
                     static_cast<long long>(q->cols), static_cast<long long>(width));
    }
    backend.ropeStore(*rope, *batch, *q, *k, *v, *cache);
  });
}

int32_t gk_attention(gk_queue *queue, const gk_batch *batch, const gk_tensor *q, const gk_cache *cache, float scale,
                     int32_t compute, const gk_tensor *y) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::batch(batch);
    checks::cache(cache);
    checks::finite("scale", scale);
    checks::within("compute", compute, GK_COMPUTE_F32, cache->latent != 0 ? GK_COMPUTE_INT16 : GK_COMPUTE_F32);
    checks::tensor(q, "q", GK_F32);
    checks::result(y, "y");
    checks::equal("q.rows", q->rows, "batch.tokens", batch->tokens);
    checks::equal("y.rows", y->rows, "batch.tokens", batch->tokens);
    const int64_t width = int64_t{cache->kv_heads} * cache->head_dim;
    if (q->cols % width != 0) {
      checks::refuse("q.cols is %lld, expected a multiple of cache.kv_heads * cache.head_dim, which is %lld",
                     static_cast<long long>(q->cols), static_cast<long long>(width));
    }
    const int64_t valueDim = cache->latent != 0 ? cache->latent : cache->head_dim;
    checks::equal("y.cols", y->cols, "heads * width of a value", q->cols / cache->head_dim * valueDim);
    backend.attention(*batch, *q, *cache, scale, compute, *y);
  });
}

int32_t gk_latent_store(gk_queue *queue, const gk_rope *rope, const gk_batch *batch, const gk_tensor *q,
                        const gk_tensor *kv, const gk_tensor *absorbed, const gk_cache *cache) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::present(rope, "rope");
    checks::batch(batch);
    checks::cache(cache);
    if (cache->latent == 0) {
      checks::refuse("cache.latent is 0, expected a latent cache");
    }
    checks::floats(rope->table, "rope.table");
    checks::floats(rope->k_norm, "rope.k_norm");
    checks::epsilon("rope.norm_eps", rope->norm_eps);
    for (const float *absent : {rope->q_bias, rope->k_bias, rope->v_bias, rope->q_norm}) {
      if (absent != nullptr) {
        checks::refuse("rope has a bias or a q_norm, expected k_norm alone");
      }
    }
    checks::equal("rope.dim", rope->dim, "cache.head_dim - cache.latent", cache->head_dim - cache->latent);
    checks::within("rope.style", rope->style, GK_ROPE_HALF_SPLIT, GK_ROPE_INTERLEAVED);
    checks::tensor(q, "q", GK_F32);
    checks::tensor(kv, "kv", GK_F32);
    checks::tensor(absorbed, "absorbed", GK_F32);
    checks::equal("q.rows", q->rows, "batch.tokens", batch->tokens);
    checks::equal("kv.rows", kv->rows, "batch.tokens", batch->tokens);
    checks::equal("absorbed.rows", absorbed->rows, "batch.tokens", batch->tokens);
    checks::equal("kv.cols", kv->cols, "cache.head_dim", cache->head_dim);
    const int64_t heads = checks::headsOf(*absorbed, "absorbed", cache->head_dim);
    if (q->cols % heads != 0 || q->cols / heads < rope->dim) {
      checks::refuse("q.cols is %lld, expected a multiple of %lld heads of at least rope.dim, which is %d",
                     static_cast<long long>(q->cols), static_cast<long long>(heads), rope->dim);
    }
    backend.latentStore(*rope, *batch, *q, *kv, *absorbed, *cache);
  });
}

int32_t gk_head_mat_mul(gk_queue *queue, const gk_weight *weight, const gk_tensor *x, const gk_tensor *y) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::weight(backend, weight, "weight", true);
    checks::factor(x, "x");
    checks::tensor(y, "y", GK_F32);
    checks::takes(*weight, "weight", *x, "x");
    const int64_t heads = weight->experts;
    const int64_t block = checks::isBlocked(x->dtype) ? GK_ACTIVATION_BLOCK : 1;
    if (x->cols % (heads * block) != 0 || x->cols / heads < weight->cols) {
      checks::refuse(
          "x.cols is %lld, expected weight.experts, which is %lld, times a multiple of %lld of at least "
          "weight.cols, which is %lld",
          static_cast<long long>(x->cols), static_cast<long long>(heads), static_cast<long long>(block),
          static_cast<long long>(weight->cols));
    }
    if (y->cols % heads != 0 || y->cols / heads < weight->rows) {
      checks::refuse(
          "y.cols is %lld, expected weight.experts, which is %lld, times at least weight.rows, which is %lld",
          static_cast<long long>(y->cols), static_cast<long long>(heads), static_cast<long long>(weight->rows));
    }
    checks::equal("y.rows", y->rows, "x.rows", x->rows);
    backend.headMatMul(*weight, *x, *y);
  });
}
