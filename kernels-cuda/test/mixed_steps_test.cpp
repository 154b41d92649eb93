// mixed_steps_test.cpp: steps of single tokens at very different positions, chunks of prompts and padding: RopeStore
// and Attention give each row the same bits as a step of that row alone, and padding reads no page and writes none.
#include "cached.hpp"

using namespace gatun::test;

namespace {

constexpr int padding = -1;

// A step of some sequences, each of which is there once.
struct Mixed {
  std::vector<int> lengths;  // of the sequences; a step's tokens are their last
  std::vector<At> step;
  int singles = 0;

  int add(int from, int to) {
    const auto sequence = static_cast<int>(lengths.size());
    lengths.push_back(to);
    for (int position = from; position < to; ++position) {
      step.push_back({sequence, position});
    }
    return sequence;
  }
  void single(int position) {
    add(position, position + 1);
    singles = static_cast<int>(step.size());
  }
  void pad(int rows, bool single) {
    for (; rows > 0; --rows) {
      step.push_back({padding, rows % 2 == 0 ? INT32_MAX : INT32_MIN});
    }
    singles = single ? static_cast<int>(step.size()) : singles;
  }
};

class Case {
 public:
  Case(const Both &both, const CacheShape &shape, const Mixed &mixed)
      : both_(both),
        s_(shape),
        mixed_(mixed),
        random_(static_cast<uint64_t>(s_.heads * 1000 + s_.headDim + 7 * s_.keyType + 13 * s_.valueType)),
        width_(int64_t{s_.heads} * s_.headDim),
        kvWidth_(int64_t{s_.kvHeads} * s_.headDim),
        cached_(both, s_, static_cast<int>(mixed.lengths.size()),
                *std::max_element(mixed.lengths.begin(), mixed.lengths.end()), random_),
        tokens_(Cached::tokens(mixed.step)),
        k_(tokens_.count * kvWidth_, random_, 2),
        v_(tokens_.count * kvWidth_, random_, 1.5f) {
    cached_.fill(mixed.lengths, random_);
  }

  void check() {
    const Array<float> queries(tokens_.count * width_, random_, 2);
    const Results together = run(queries, 0, tokens_.count, mixed_.singles), alone = stepByStep(queries);
    expectSameBits("queries of a mixed step, " + name(s_), alone.q, together.q);
    expectSameBits("results of a mixed step, " + name(s_), alone.y, together.y);
    expectSameBits("cache after a mixed step, " + name(s_), alone.pages, together.pages);
    for (int64_t i = 0; i < tokens_.count; ++i) {
      for (int64_t c = 0; mixed_.step[static_cast<size_t>(i)].sequence == padding && c < width_; ++c) {
        const bool left = std::memcmp(&queries[i * width_ + c], &together.q[i * width_ + c], sizeof(float)) == 0;
        CHECK(left && together.y[i * width_ + c] == 0, "%s: padding, row %lld", name(s_).c_str(),
              static_cast<long long>(i));
      }
    }
  }

  // A result of another type is what the CPU makes of the floats.
  void checkQuantised(int32_t dtype) {
    const Array<float> queries(tokens_.count * width_, random_, 2);
    const Results floats = run(queries, 0, tokens_.count, mixed_.singles);
    const int64_t bytes = tokens_.count * activationBytes(dtype, width_);
    const DeviceArray<uint8_t> y(bytes);
    const DeviceArray<float> q(floats.q);
    const Array<uint8_t> wanted(bytes);
    attend(q.data(), activations(y.data(), tokens_.count, width_, dtype), 0, tokens_.count, mixed_.singles);
    const gk_tensor from = tensor(floats.y.data(), tokens_.count, width_),
                    quantised = activations(wanted.data(), tokens_.count, width_, dtype);
    OK(gk_quantize(both_.cpu(), &from, &quantised));
    expectSameBits("results of a mixed step, quantised, " + name(s_), wanted, y.download());
  }

 private:
  struct Results {
    Array<float> q, y;
    Array<uint8_t> pages;
  };

  // The page table with entries for rows `first` to `first` + `count` - 1, and no page elsewhere.
  Array<int32_t> reachable(const gk_batch &batch, int first, int count) const {
    Array<int32_t> table(int64_t{batch.sequences} * batch.max_pages);
    for (int64_t i = 0; i < table.size(); ++i) {
      table[i] = i % 2 == 0 ? INT32_MAX : INT32_MIN;
    }
    for (int i = first; i < first + count; ++i) {
      const At at = mixed_.step[static_cast<size_t>(i)];
      for (int p = 0; at.sequence != padding && p <= at.position / GK_PAGE_TOKENS; ++p) {
        table[int64_t{at.sequence} * batch.max_pages + p] = cached_.page(at.sequence, p * GK_PAGE_TOKENS);
      }
    }
    return table;
  }

  // RopeStore and Attention of some rows as one step.
  Results run(const Array<float> &queries, int first, int count, int singles) const {
    const DeviceArray<float> q(queries), y(tokens_.count * width_);
    const Side side = both_.cuda();
    gk_batch batch = cached_.batch(side, tokens_, first, count, singles);
    const DeviceArray<int32_t> table(reachable(batch, first, count));
    batch.page_table = table.data();
    const gk_cache cache = cached_.cache(side);
    const DeviceArray<float> angles(Array<float>(std::vector<float>(static_cast<size_t>(count) * 2, 0.6f)));
    gk_rope rope = {};
    rope.table = angles.data();
    rope.dim = 2;
    const gk_tensor qt = tensor(q.data() + first * width_, count, width_),
                    kt = tensor(k_.on(side) + first * kvWidth_, count, kvWidth_),
                    vt = tensor(v_.on(side) + first * kvWidth_, count, kvWidth_),
                    yt = tensor(y.data() + first * width_, count, width_);
    OK(gk_rope_store(side, &rope, &batch, &qt, &kt, &vt, &cache));
    OK(gk_attention(side, &batch, &qt, &cache, scale(), GK_COMPUTE_F32, &yt));
    OK(gk_queue_sync(side));
    return {q.download(), y.download(), cached_.cudaPages()};
  }

  void attend(float *q, const gk_tensor &y, int first, int count, int singles) const {
    const Side side = both_.cuda();
    gk_batch batch = cached_.batch(side, tokens_, first, count, singles);
    const DeviceArray<int32_t> table(reachable(batch, first, count));
    batch.page_table = table.data();
    const gk_cache cache = cached_.cache(side);
    const gk_tensor qt = tensor(q, count, width_);
    OK(gk_attention(side, &batch, &qt, &cache, scale(), GK_COMPUTE_F32, &y));
    OK(gk_queue_sync(side));
  }

  // Each row as a step of its own, in order: a sequence's are at ascending positions.
  Results stepByStep(const Array<float> &queries) const {
    Results all = {Array<float>(queries.size()), Array<float>(queries.size()), Array<uint8_t>(0)};
    for (int i = 0; i < tokens_.count; ++i) {
      const Results one = run(queries, i, 1, i % 2);
      std::copy_n(one.q.data() + i * width_, width_, all.q.data() + i * width_);
      std::copy_n(one.y.data() + i * width_, width_, all.y.data() + i * width_);
    }
    all.pages = cached_.cudaPages();
    return all;
  }

  float scale() const { return 1 / std::sqrt(static_cast<float>(s_.headDim)); }

  const Both &both_;
  const CacheShape s_;
  const Mixed mixed_;
  Random random_;
  const int64_t width_, kvWidth_;
  const Cached cached_;
  const Cached::Tokens tokens_;
  const Twin<float> k_, v_;
};

// Singles at the ends of pages and splits, and padding after them.
Mixed singles() {
  Mixed m;
  for (const int position : {1099, 0, 39, 512, 31, 511}) {
    m.single(position);
  }
  m.pad(2, true);
  return m;
}

// And few rows of two prompts, or more than few.
Mixed withChunks(int first, int second) {
  Mixed m = singles();
  m.add(500, 500 + first);
  m.add(3, 3 + second);
  m.pad(3, false);
  return m;
}

// More singles than lanes look at once, and among them one that is long.
Mixed manySingles() {
  Mixed m;
  for (int i = 0; i < 37; ++i) {
    m.single(i == 34 ? 700 : i % 5);
  }
  m.pad(4, true);
  m.add(0, 4);
  return m;
}

Mixed onlyPadding() {
  Mixed m;
  m.single(3);
  m.step.clear();
  m.pad(2, true);
  m.pad(40, false);
  return m;
}

}  // namespace

int main() {
  const Both both;
  for (const CacheType type : cacheTypes) {
    Case(both, {5, 1, 32, type.dtype, type.dtype}, withChunks(14, 9)).check();
    Case(both, {5, 1, 32, type.dtype, type.dtype}, withChunks(30, 9)).check();
    Case(both, {5, 1, 32, type.dtype, type.dtype}, onlyPadding()).check();
  }
  const Both narrow({1, 4, 80, 0, 1200});  // workspace for few rows: the others wait their turn
  for (const CacheShape &shape : {CacheShape{4, 2, 64, GK_F16, GK_F16}, CacheShape{4, 2, 32, GK_F32, GK_Q8_0},
                                  CacheShape{4, 2, 80, GK_F16, GK_BF16}}) {
    for (const Both *queues : {&both, &narrow}) {
      Case(*queues, shape, singles()).check();
      Case(*queues, shape, manySingles()).check();
      Case mixed(*queues, shape, withChunks(35, 5));
      mixed.check();
      mixed.checkQuantised(GK_A8);
      mixed.checkQuantised(GK_BF16);
    }
  }
  Case(both, {20, 1, 32, GK_F16, GK_F16}, withChunks(14, 9)).check();  // heads of a token fill more than a tile
  return finish(both);
}
