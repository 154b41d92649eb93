// attention_test.cpp: RopeTable, RopeStore and Attention against double precision, and bit-equal whatever the
// instruction set, the threads, the chunks of a prompt and the neighbours in a batch.
//
// Bounds on results of values up to 1.5: 4e-6 with a cache of F32; 2e-3 with F16, whose roundings move a score by up
// to 2^-11 of the products' magnitudes and a value by 2^-11 of its own.
#include "sequences.hpp"

using namespace gatun::test;

namespace {

bool same(const Results &a, const Results &b) { return a.q.sameBits(b.q) && a.y.sameBits(b.y); }

void checkShape(const Shape &shape) {
  const Sequences sequences(shape, static_cast<uint64_t>(shape.heads * 1000 + shape.headDim));
  const Queue one(1, GK_ISA_BEST);
  const Results expected = sequences.run(one, 1 << 20, false);
  const double worst = sequences.worstError(expected);
  CHECK(worst < (shape.dtype == GK_F32 ? 4e-6 : 2e-3), "%d/%d heads of %d: off by %g", shape.heads, shape.kvHeads,
        shape.headDim, worst);
  std::printf("%d/%d heads of %d, %s: off by %.2g\n", shape.heads, shape.kvHeads, shape.headDim,
              shape.dtype == GK_F32 ? "F32" : "F16", worst);
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
  checkShape({1, 1, 16, 16, half, GK_F32, false, false, {1}});
  checkShape({4, 4, 32, 32, half, GK_F32, true, false, {33, 64, 2}});
  checkShape({6, 2, 64, 64, half, GK_F16, false, true, {100, 31, 32}});
  checkShape({8, 1, 128, 128, half, GK_F16, true, true, {70, 5}});
  checkShape({14, 2, 64, 64, half, GK_F32, true, false, {40, 3}});
  checkShape({3, 3, 48, 20, half, GK_F32, true, false, {65, 9}});  // rotates a part, not whole vectors of it
  checkShape({2, 2, 80, 32, pairs, GK_F16, false, false, {37}});
  checkShape({4, 1, 256, 256, pairs, GK_F32, false, false, {35, 34}});
  checkShape({2, 1, 16, 16, half, GK_F32, false, false, {1100, 513, 512, 20}});  // several splits
  checkShape({3, 1, 112, 112, pairs, GK_F16, false, false, {545}});
  return finish();
}
