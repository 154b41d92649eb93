// rope_test.cpp: RopeStore on CUDA against the CPU: the same queries and the same keys and values in the cache, bit for
// bit, in every type, whatever steps the tokens come in.
#include "cached.hpp"

using namespace gatun::test;

namespace {

struct Rope {
  int dim;
  int style;
  bool biases;
  bool norms;
};

// What RopeStore is given for some tokens.
struct Inputs {
  Twin<float> q, k, v, qBias, kBias, vBias, qNorm, kNorm, table;
  int64_t padding;  // elements after each row of k and v
};

std::vector<float> randomTable(int64_t n, Random &random) {
  std::vector<float> table;
  for (int64_t i = 0; i < n; ++i) {
    table.push_back(random.uniform());
  }
  return table;
}

Inputs inputs(const CacheShape &s, const Rope &r, int64_t tokens, int64_t padding, Random &random) {
  const int64_t width = int64_t{s.heads} * s.headDim, kvWidth = int64_t{s.kvHeads} * s.headDim;
  return {Twin<float>(tokens * width, random, 2),
          Twin<float>(tokens * (kvWidth + padding), random, 3),
          Twin<float>(tokens * (kvWidth + padding), random, 500),  // some beyond what GK_F8 holds
          Twin<float>(width, random, 0.5f),
          Twin<float>(kvWidth, random, 0.5f),
          Twin<float>(kvWidth, random, 0.5f),
          Twin<float>(s.headDim, random, 1.5f),
          Twin<float>(s.headDim, random, 1.5f),
          Twin<float>(randomTable(tokens * r.dim, random)),
          padding};
}

void store(const Side &side, const Cached &cached, const Inputs &in, const Rope &r, const gk_batch &batch, int first) {
  const CacheShape &s = cached.shape();
  const int64_t width = int64_t{s.heads} * s.headDim, kvWidth = int64_t{s.kvHeads} * s.headDim;
  const int64_t stride = kvWidth + in.padding;
  const gk_cache cache = cached.cache(side);
  const auto when = [&](bool wanted, const Twin<float> &values) { return wanted ? values.on(side) : nullptr; };
  const gk_rope rope = {in.table.on(side) + first * r.dim,
                        when(r.biases, in.qBias),
                        when(r.biases, in.kBias),
                        when(r.biases, in.vBias),
                        when(r.norms, in.qNorm),
                        when(r.norms, in.kNorm),
                        1e-6f,
                        r.dim,
                        r.style,
                        0};
  const gk_tensor q = tensor(in.q.on(side) + first * width, batch.tokens, width),
                  k = tensor(in.k.on(side) + first * stride, batch.tokens, kvWidth, stride),
                  v = tensor(in.v.on(side) + first * stride, batch.tokens, kvWidth, stride);
  OK(gk_rope_store(side, &rope, &batch, &q, &k, &v, &cache));
}

// The cache on CUDA holds what the CPU's does; slots without a token are as they were.
void compareCaches(const std::string &what, const Both &both, const Cached &cached, const std::vector<At> &step) {
  const CacheShape &s = cached.shape();
  const Cached::View cuda(cached);
  const gk_cache cpu = cached.cache(both.cpu());
  long different = 0, touched = 0;
  for (const At &at : step) {
    for (int h = 0; h < s.kvHeads; ++h) {
      const int slot = at.position % GK_PAGE_TOKENS;
      const std::vector<float> key = storedKey(cpu, cached.page(at.sequence, at.position), h, slot);
      const std::vector<float> value = storedValue(cpu, cached.page(at.sequence, at.position), h, slot);
      for (int d = 0; d < s.headDim; ++d) {
        const float foundKey = cuda.key(at, h, d), foundValue = cuda.value(at, h, d);
        different += std::memcmp(&foundKey, &key[static_cast<size_t>(d)], 4) != 0;
        different += std::memcmp(&foundValue, &value[static_cast<size_t>(d)], 4) != 0;
      }
    }
    // The token after it, if it is none of the step's.
    const At next = {at.sequence, at.position + 1};
    bool stored = false;
    for (const At &other : step) {
      stored = stored || (other.sequence == next.sequence && other.position == next.position);
    }
    for (int d = 0; !stored && d < s.headDim; ++d) {
      touched += !std::isnan(cuda.key(next, 0, d)) || !std::isnan(cuda.value(next, 0, d));
    }
  }
  CHECK(different == 0, "%s: %ld elements differ", what.c_str(), different);
  CHECK(touched == 0, "%s: %ld elements of tokens that were not stored", what.c_str(), touched);
}

void check(const Both &both, const CacheShape &s, const Rope &r, int64_t padding = 0) {
  Random random(static_cast<uint64_t>(s.heads * 1000 + s.headDim + 7 * s.keyType + 13 * s.valueType));
  const std::vector<At> step = {{0, 0}, {0, 1}, {0, 2}, {2, 31}, {2, 32}, {1, 63}, {1, 70}, {0, 40}, {2, 35}};
  const auto count = static_cast<int>(step.size());
  const Inputs in = inputs(s, r, count, padding, random);
  const Cached together(both, s, 3, 80, random);
  const Cached::Tokens tokens = Cached::tokens(step);
  const Array<float> before = copyOf(in.q.ofCpu());
  both.run([&](const Side &side) { store(side, together, in, r, together.batch(side, tokens), 0); });
  const std::string what = "RopeStore " + name(s) + ", rotated " + std::to_string(r.dim) +
                           (r.style == GK_ROPE_HALF_SPLIT ? " in halves" : " in pairs") + (r.biases ? ", biases" : "") +
                           (r.norms ? ", norms" : "");
  CHECK(!before.sameBits(in.q.ofCpu()), "%s: rotates nothing", what.c_str());
  expectSameBits(what, in.q.ofCpu(), in.q.ofCuda());
  compareCaches(what, both, together, step);
}

}  // namespace

int main() {
  const Both both;
  const int half = GK_ROPE_HALF_SPLIT, pairs = GK_ROPE_INTERLEAVED;
  for (const CacheType key : cacheTypes) {
    for (const CacheType value : cacheTypes) {
      check(both, {4, 2, 64, key.dtype, value.dtype}, {64, half, true, true});
    }
    check(both, {1, 1, 32, key.dtype, key.dtype}, {32, pairs, false, false});
    check(both, {5, 1, 128, key.dtype, key.dtype}, {128, half, true, false});
    check(both, {4, 4, 96, key.dtype, key.dtype}, {20, half, false, true}, 5);
    check(both, {2, 1, 160, key.dtype, key.dtype}, {2, pairs, false, true});
    check(both, {2, 2, 256, key.dtype, key.dtype}, {256, half, false, false});
  }
  for (const int32_t type : {GK_F32, GK_F16, GK_BF16, GK_F8}) {  // head sizes that types with scales do not take
    check(both, {3, 3, 16, type, type}, {16, half, true, false});
    check(both, {3, 1, 48, type, GK_F16}, {40, half, false, true}, 1);
    check(both, {7, 1, 80, type, type}, {32, pairs, true, true});
    check(both, {2, 1, 112, GK_F8, type}, {112, pairs, false, false});
  }
  return finish(both);
}
