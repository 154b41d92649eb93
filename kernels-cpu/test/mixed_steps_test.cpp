// mixed_steps_test.cpp: steps of single tokens of some sequences, chunks of others' prompts and padding: the same bits
// of queries, cache and results as each sequence alone. Padding reads no page and writes none.
#include "sequences.hpp"

using namespace gatun::test;

namespace {

void checkShape(const Shape &shape, int chunk) {
  const Sequences sequences(shape, static_cast<uint64_t>(shape.heads * 1000 + shape.headDim));
  const Queue one(1, GK_ISA_BEST);
  const Results expected = sequences.run(one, 1 << 20, false);
  uint64_t seed = 1;
  for (const int isa : {static_cast<int>(GK_ISA_PLAIN), bestIsa()}) {
    for (const int threads : {1, 2, 5}) {
      const Results mixed = sequences.runMixed(Queue(threads, isa), chunk, seed++);
      const char *const keys = cacheTypeName(shape.keyType), *const values = cacheTypeName(shape.valueType);
      CHECK(mixed.q.sameBits(expected.q), "queries, %s %s: isa %d, %d threads", keys, values, isa, threads);
      CHECK(mixed.y.sameBits(expected.y), "results, %s %s: isa %d, %d threads", keys, values, isa, threads);
      CHECK(mixed.pages.sameBits(expected.pages), "cache, %s %s: isa %d, %d threads", keys, values, isa, threads);
    }
  }
}

// A step of nothing but padding, on a page table without a page.
void checkPaddingAlone() {
  const Queue queue(2, GK_ISA_BEST);
  const std::vector<int32_t> position = {-7, 1 << 30}, sequence = {-1, -1}, table = {-1, 99};
  Array<float> angles(2 * 16), q(2 * 64), k(2 * 32), y(2 * 64);
  Array<uint8_t> pages(2 * 8192);
  for (Array<float> *array : {&angles, &q, &k, &y}) {
    array->fillBytes(0xff);
  }
  pages.fillBytes(0x5a);
  const std::vector<float> invFreq(8, 1.0f);
  const gk_cache cache = {pages.data(), 2, 2, 16, GK_F32, GK_F32, 0};
  const gk_rope rope = {angles.data(), nullptr, nullptr, nullptr, nullptr, nullptr, 1e-6f, 16, GK_ROPE_HALF_SPLIT, 0};
  const gk_tensor qs = tensor(q.data(), 2, 64), ks = tensor(k.data(), 2, 32), ys = tensor(y.data(), 2, 64);
  for (const int32_t singles : {0, 1, 2}) {
    const gk_batch batch = {position.data(), sequence.data(), table.data(), 2, 1, 2, singles};
    OK(gk_rope_table(queue, &batch, invFreq.data(), 16, 1.0f, angles.data()));
    OK(gk_rope_store(queue, &rope, &batch, &qs, &ks, &ks, &cache));
    OK(gk_attention(queue, &batch, &qs, &cache, 1.0f, GK_COMPUTE_F32, &ys));
    for (int64_t i = 0; i < y.size(); ++i) {
      CHECK(y[i] == 0 && std::isnan(q[i]), "element %lld: %g, query %g", static_cast<long long>(i),
            static_cast<double>(y[i]), static_cast<double>(q[i]));
    }
    for (int64_t i = 0; i < pages.size(); ++i) {
      CHECK(pages[i] == 0x5a);
    }
  }
}

}  // namespace

int main() {
  const int half = GK_ROPE_HALF_SPLIT;
  // One long sequence beside short ones: it alone is divided between the threads.
  checkShape({2, 1, 16, 16, half, GK_F32, GK_F32, true, true, {1700, 3, 20, 5, 9, 2, 33, 31, 1, 64}}, 150);
  checkShape({5, 1, 32, 32, half, GK_F16, GK_F16, false, false, {1100, 40, 513, 3}}, 90);
  for (const CacheType &type : cacheTypes) {
    checkShape({4, 2, 32, 32, half, type.dtype, type.dtype, false, true, {545, 40, 7}}, 70);
  }
  checkPaddingAlone();
  return finish();
}
