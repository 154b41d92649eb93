// step_refusals_test.cpp: the ops that take a step and the cache refuse what they do not take, with the line of text
// their user will read.
#include <limits>

#include "refusing.hpp"

using namespace gatun::test;

namespace {

void cacheOps(gk_queue *queue) {
  std::vector<int32_t> position = {31, 32}, sequence = {0, 0}, table = {1, 0};
  gk_batch batch = {position.data(), sequence.data(), table.data(), 2, 1, 2, 0};
  const std::vector<float> invFreq(8, 1.0f);
  Array<float> angles(2 * 16), q(2 * 64), k(2 * 32), y(2 * 64);
  q.fillBytes(0);
  k.fillBytes(0);
  Array<uint8_t> pages(2 * 8192);
  pages.fillBytes(0);
  gk_cache cache = {pages.data(), 2, 2, 16, GK_F32, GK_F32, 0};
  gk_rope rope = {angles.data(), nullptr, nullptr, nullptr, nullptr, nullptr, 1e-6f, 16, GK_ROPE_HALF_SPLIT, 0};
  gk_tensor qs = tensor(q.data(), 2, 64), ks = tensor(k.data(), 2, 32), vs = ks, ys = tensor(y.data(), 2, 64);
  float scale = 1;
  int32_t compute = GK_COMPUTE_F32;
  int32_t dim = 16;
  int64_t bytes = 0;
  const auto pageBytes = [&] { return gk_cache_page_bytes(queue, &cache, &bytes); };
  const auto fill = [&] { return gk_rope_table(queue, &batch, invFreq.data(), dim, scale, angles.data()); };
  const auto store = [&] { return gk_rope_store(queue, &rope, &batch, &qs, &ks, &vs, &cache); };
  const auto attend = [&] { return gk_attention(queue, &batch, &qs, &cache, scale, compute, &ys); };
  OK(pageBytes());
  CHECK(bytes == 8192);
  OK(fill());
  OK(store());
  OK(attend());
  REFUSES(with(cache.head_dim, 24, pageBytes),
          "gk_cache_page_bytes: cache.head_dim is 24, expected a multiple of 16 up to 256");
  REFUSES(with(cache.head_dim, 272, pageBytes),
          "gk_cache_page_bytes: cache.head_dim is 272, expected a multiple of 16 up to 256");
  REFUSES(with(cache.kv_heads, 0, pageBytes), "gk_cache_page_bytes: cache.kv_heads is 0, expected 1 to 65536");
  REFUSES(
      with(cache.key_dtype, GK_I32, pageBytes),
      "gk_cache_page_bytes: cache.key_dtype is I32 (26), expected F32, F16, BF16, F8, Q8_0, Q4_0, TURBO4 or TURBO3");
  REFUSES(with(cache.value_dtype, GK_Q4_0, pageBytes),
          "gk_cache_page_bytes: cache.value_dtype is Q4_0, expected cache.head_dim a multiple of 32, it is 16");
  cache.head_dim = 80;
  REFUSES(with(cache.key_dtype, GK_Q8_0, pageBytes),
          "gk_cache_page_bytes: cache.key_dtype is Q8_0, expected cache.head_dim a multiple of 32, it is 80");
  cache.head_dim = 16;
  REFUSES(with(dim, 15, fill), "gk_rope_table: dim is 15, expected an even number");
  REFUSES(with(dim, 0, fill), "gk_rope_table: dim is 0, expected 2 to 256");
  REFUSES(with(scale, std::numeric_limits<float>::quiet_NaN(), attend),
          "gk_attention: scale is nan, expected a finite number");
  REFUSES(with(compute, GK_COMPUTE_INT16, attend), "gk_attention: compute is 1, expected 0 to 0");
  REFUSES(with(batch.position, nullptr, fill), "gk_rope_table: batch.position is NULL");
  REFUSES(with(batch.tokens, -1, fill), "gk_rope_table: batch.tokens is -1, expected 0 to 1073741824");
  REFUSES(with(batch.max_pages, 0, store), "gk_rope_store: batch.max_pages is 0, expected 1 to 1048576");
  REFUSES(with(rope.table, nullptr, store), "gk_rope_store: rope.table is NULL");
  REFUSES(with(rope.q_norm, off(angles.data(), 1), store),
          "gk_rope_store: rope.q_norm is 1 bytes past a multiple of 4, expected that alignment");
  REFUSES(with(rope.dim, 18, store), "gk_rope_store: rope.dim is 18, expected 2 to 16");
  REFUSES(with(rope.style, 2, store), "gk_rope_store: rope.style is 2, expected 0 to 1");
  REFUSES(with(ks.cols, 16, store), "gk_rope_store: k.cols is 16, cache.kv_heads * cache.head_dim is 32");
  REFUSES(with(qs.cols, 48, store),
          "gk_rope_store: q.cols is 48, expected a multiple of cache.kv_heads * cache.head_dim, which is 32");
  REFUSES(with(vs.rows, 1, store), "gk_rope_store: v.rows is 1, batch.tokens is 2");
  REFUSES(with(cache.pages, nullptr, store), "gk_rope_store: cache.pages is NULL");
  REFUSES(with(cache.page_count, 0, attend), "gk_attention: cache.page_count is 0, expected 1 to 2147483647");
  REFUSES(with(ys.cols, 32, attend), "gk_attention: y.cols is 32, heads * width of a value is 64");
  REFUSES(with(ys.dtype, GK_I32, attend), "gk_attention: y.dtype is I32 (26), expected F32, A8, A16 or BF16");
  REFUSES(with(position[1], 64, fill),
          "gk_rope_table: batch.position[1] is 64, expected 0 to 63, what batch.max_pages pages hold");
  REFUSES(with(position[0], -1, attend),
          "gk_attention: batch.position[0] is -1, expected 0 to 63, what batch.max_pages pages hold");
  REFUSES(with(sequence[1], 1, store),
          "gk_rope_store: batch.sequence[1] is 1, expected -1, or 0 to 0, what batch.sequences has");
  REFUSES(with(sequence[0], -2, attend),
          "gk_attention: batch.sequence[0] is -2, expected -1, or 0 to 0, what batch.sequences has");
  REFUSES(with(batch.singles, 3, attend), "gk_attention: batch.singles is 3, expected 0 to 2");
  REFUSES(with(batch.singles, -1, store), "gk_rope_store: batch.singles is -1, expected 0 to 2");
  REFUSES(with(batch.singles, 3, fill), "gk_rope_table: batch.singles is 3, expected 0 to 2");
  REFUSES(with(table[1], 2, store), "gk_rope_store: batch.page_table[0][1] is 2, cache.page_count is 2");
  position[0] = 33;  // no token of the batch lies in the first page, but attention reads it
  REFUSES(with(table[0], -1, attend), "gk_attention: batch.page_table[0][0] is -1, cache.page_count is 2");
  OK(with(table[0], -1, store));
}

void latentOps(gk_queue *queue) {
  std::vector<int32_t> position = {31, 32}, sequence = {0, 0}, table = {1, 0};
  gk_batch batch = {position.data(), sequence.data(), table.data(), 2, 1, 2, 0};
  Array<float> angles(2 * 32), norm(64), q(2 * 2 * 48), kv(2 * 96), absorbed(2 * 2 * 96), y(2 * 2 * 64);
  for (Array<float> *array : {&angles, &norm, &q, &kv, &absorbed}) {
    array->fillBytes(0);
  }
  Array<uint8_t> pages(2 * 32 * 96 * 4);
  pages.fillBytes(0);
  gk_cache cache = {pages.data(), 2, 1, 96, GK_F32, GK_F32, 64};
  gk_rope rope = {angles.data(), nullptr, nullptr, nullptr, nullptr, norm.data(), 1e-6f, 32, GK_ROPE_INTERLEAVED, 0};
  gk_tensor qs = tensor(q.data(), 2, 96), kvs = tensor(kv.data(), 2, 96), as = tensor(absorbed.data(), 2, 192),
            ys = tensor(y.data(), 2, 128);
  int64_t bytes = 0;
  const auto pageBytes = [&] { return gk_cache_page_bytes(queue, &cache, &bytes); };
  const auto store = [&] { return gk_latent_store(queue, &rope, &batch, &qs, &kvs, &as, &cache); };
  int32_t compute = GK_COMPUTE_INT16;
  const auto attend = [&] { return gk_attention(queue, &batch, &as, &cache, 0.1f, compute, &ys); };
  const auto ropeStore = [&] { return gk_rope_store(queue, &rope, &batch, &as, &kvs, &kvs, &cache); };
  OK(pageBytes());
  CHECK(bytes == 32 * 96 * 4);
  OK(store());
  OK(attend());
  REFUSES(with(compute, 2, attend), "gk_attention: compute is 2, expected 0 to 1");
  REFUSES(with(cache.latent, 96, pageBytes),
          "gk_cache_page_bytes: cache.latent is 96, expected 0, or a multiple of 32 up to 512 and less than "
          "cache.head_dim, which is 96");
  REFUSES(with(cache.latent, 48, pageBytes),
          "gk_cache_page_bytes: cache.latent is 48, expected 0, or a multiple of 32 up to 512 and less than "
          "cache.head_dim, which is 96");
  REFUSES(with(cache.head_dim, 656, pageBytes),
          "gk_cache_page_bytes: cache.head_dim is 656, expected a multiple of 16 up to 640");
  REFUSES(with(cache.kv_heads, 2, pageBytes),
          "gk_cache_page_bytes: cache.kv_heads of a latent cache is 2, expected 1 to 1");
  REFUSES(with(cache.value_dtype, GK_F16, pageBytes),
          "gk_cache_page_bytes: cache.value_dtype of a latent cache is 1, cache.key_dtype is 0");
  cache.value_dtype = GK_Q4_0;
  REFUSES(with(cache.key_dtype, GK_Q4_0, pageBytes),
          "gk_cache_page_bytes: cache.key_dtype is Q4_0, expected F32, F16, BF16, F8 or Q8_0 of a latent cache");
  cache.value_dtype = GK_F32;
  REFUSES(ropeStore(), "gk_rope_store: cache.latent is 64, expected 0 to 0");
  REFUSES(with(cache.latent, 0, store), "gk_latent_store: cache.latent is 0, expected a latent cache");
  REFUSES(with(rope.k_norm, nullptr, store), "gk_latent_store: rope.k_norm is NULL");
  REFUSES(with(rope.q_norm, norm.data(), store), "gk_latent_store: rope has a bias or a q_norm, expected k_norm alone");
  REFUSES(with(rope.k_bias, norm.data(), store), "gk_latent_store: rope has a bias or a q_norm, expected k_norm alone");
  REFUSES(with(rope.dim, 16, store), "gk_latent_store: rope.dim is 16, cache.head_dim - cache.latent is 32");
  REFUSES(with(rope.style, 2, store), "gk_latent_store: rope.style is 2, expected 0 to 1");
  REFUSES(with(qs.cols, 95, store),
          "gk_latent_store: q.cols is 95, expected a multiple of 2 heads of at least rope.dim, which is 32");
  REFUSES(with(qs.cols, 62, store),
          "gk_latent_store: q.cols is 62, expected a multiple of 2 heads of at least rope.dim, which is 32");
  REFUSES(with(kvs.cols, 95, store), "gk_latent_store: kv.cols is 95, cache.head_dim is 96");
  REFUSES(with(kvs.rows, 1, store), "gk_latent_store: kv.rows is 1, batch.tokens is 2");
  REFUSES(with(as.cols, 190, store),
          "gk_latent_store: absorbed.cols is 190, expected a multiple of 96, the width of a head");
  REFUSES(with(table[1], 2, store), "gk_latent_store: batch.page_table[0][1] is 2, cache.page_count is 2");
  REFUSES(with(ys.cols, 64, attend), "gk_attention: y.cols is 64, heads * width of a value is 128");
}

}  // namespace

int main() {
  const Queue queue(2, GK_ISA_BEST);
  cacheOps(queue);
  latentOps(queue);
  return finish();
}
