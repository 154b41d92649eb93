// attention_test.cpp: RopeTable, RopeStore and Attention against double precision, and bit-equal whatever the
// instruction set, the threads, the chunks of a prompt and the neighbours in a batch.
//
// Results of values up to 1.5, from the queries and the cache as they are, are within 4e-6 with every type of cache:
// widening it is exact. Queries are within 16e-6: their elements are up to 4, and an fp32 angle is off as much as
// those. What the types of the cache lose is in cache_types_test.
#include "sequences.hpp"

using namespace gatun::test;

namespace {

bool same(const Results &a, const Results &b) {
  return a.q.sameBits(b.q) && a.y.sameBits(b.y) && a.pages.sameBits(b.pages);
}

void checkShape(const Shape &shape) {
  const Sequences sequences(shape, static_cast<uint64_t>(shape.heads * 1000 + shape.headDim));
  const Queue one(1, GK_ISA_BEST);
  const Results expected = sequences.run(one, 1 << 20, false);
  const Errors worst = sequences.worstErrors(expected);
  const char *const keys = cacheTypeName(shape.keyType), *const values = cacheTypeName(shape.valueType);
  CHECK(worst.y < 4e-6 && worst.q < 16e-6, "%d/%d heads of %d, %s %s: off by %g, queries by %g", shape.heads,
        shape.kvHeads, shape.headDim, keys, values, worst.y, worst.q);
  std::printf("%d/%d heads of %d, %s %s: off by %.2g, q %.2g, keys %.2g, values %.2g\n", shape.heads, shape.kvHeads,
              shape.headDim, keys, values, worst.y, worst.q, worst.key, worst.value);
  const int chunks[] = {1, 7, 32, 64, 100, 1 << 20};
  int turn = 0;
  for (int isa = GK_ISA_PLAIN; isa <= bestIsa(); ++isa) {
    for (int threads : {1, 2, 3, 8}) {
      const Queue queue(threads, isa);
      for (int i = 0; i < (isa == bestIsa() ? 6 : 2); ++i, ++turn) {
        const int chunk = chunks[turn % 6];
        const bool together = turn / 6 % 2 == 0;
        CHECK(same(sequences.run(queue, chunk, together), expected),
              "%d/%d heads of %d: isa %d, %d threads, chunks of %d%s", shape.heads, shape.kvHeads, shape.headDim, isa,
              threads, chunk, together ? ", together" : "");
      }
    }
  }
}

}  // namespace

int main() {
  const int half = GK_ROPE_HALF_SPLIT, pairs = GK_ROPE_INTERLEAVED;
  checkShape({1, 1, 16, 16, half, GK_F32, GK_F32, false, false, {1}});
  checkShape({4, 4, 32, 32, half, GK_F32, GK_F32, true, false, {33, 64, 2}});
  checkShape({6, 2, 64, 64, half, GK_F16, GK_F16, false, true, {100, 31, 32}});
  checkShape({8, 1, 128, 128, half, GK_F16, GK_F16, true, true, {70, 5}});
  checkShape({14, 2, 64, 64, half, GK_F32, GK_F32, true, false, {40, 3}});
  checkShape({3, 3, 48, 20, half, GK_F32, GK_F32, true, false, {65, 9}});  // rotates a part, not whole vectors of it
  checkShape({2, 2, 80, 32, pairs, GK_F16, GK_F16, false, false, {37}});
  checkShape({4, 1, 256, 256, pairs, GK_F32, GK_F32, false, false, {35, 34}});
  checkShape({2, 1, 16, 16, half, GK_F32, GK_F32, false, false, {1100, 513, 512, 20}});  // several splits
  checkShape({3, 1, 112, 112, pairs, GK_F16, GK_F16, false, false, {545}});
  int turn = 0;
  for (const CacheType &keys : cacheTypes) {
    for (const CacheType &values : cacheTypes) {
      const int dims[] = {32, 64, 96, 128, 160, 256};
      const int groups[] = {1, 2, 5, 13};
      const int dim = dims[turn % 6], group = groups[turn % 4];
      checkShape({2 * group, 2, dim, dim, half, keys.dtype, values.dtype, turn % 2 == 0, turn % 3 == 0, {45, 7}});
      ++turn;
    }
  }
  checkShape({4, 2, 80, 64, half, GK_F8, GK_BF16, true, false, {34}});
  checkShape({3, 1, 16, 16, half, GK_BF16, GK_F8, true, false, {34}});
  checkShape({1, 1, 32, 32, half, GK_Q4_0, GK_Q8_0, false, false, {520}});  // several splits
  return finish();
}
