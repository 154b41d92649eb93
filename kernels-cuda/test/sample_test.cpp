// sample_test.cpp: Sample on CUDA draws the CPU's token, whatever chain and logits are.
#include <algorithm>
#include <limits>

#include "both.hpp"

using namespace gatun::test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

template <class T, size_t N>
T one(Random &random, const T (&of)[N]) {
  return of[random.below(static_cast<int>(N))];
}

// A chain of some of the stages in any order, with values that keep all, one, few or most.
gk_sampling anySampling(Random &random, int limit) {
  gk_sampling s = {};
  s.seed = static_cast<int64_t>(random.below(1 << 20)) << 30;
  s.position = random.below(1 << 20);
  s.temperature = one(random, {0.0f, 1e-3f, 0.6f, 0.7f, 1.0f, 1.5f, 1e6f});
  s.top_k = one(random, {-1, 0, 1, 40, limit, 2 * limit, 1 + random.below(limit)});
  s.top_p = one(random, {0.0, 0.1, 0.5, 0.95, 0.999999, 1.0, 1 - 0x1p-53});
  s.limit = random.below(4) > 0 ? limit : 1 + random.below(limit);
  s.min_p = one(random, {0.0f, -0.7f, -3.0f, -20.0f, -infinity});
  int stages[] = {GK_STAGE_TOP_K, GK_STAGE_TOP_P, GK_STAGE_MIN_P, GK_STAGE_TEMPERATURE};
  for (int i = 3; i > 0; --i) {
    std::swap(stages[i], stages[random.below(i + 1)]);
  }
  for (int i = random.below(5); i > 0; --i) {
    s.chain = s.chain << 4 | stages[i - 1];
  }
  return s;
}

// Spread like a model's, flat, of few different values, all equal, mostly banned, or with one that is no number.
void fill(Random &random, float *logits, int64_t count) {
  const int kind = random.below(12);
  const float spread = one(random, {0.0f, 0.001f, 2.0f, 5.0f, 40.0f, 1e37f});
  for (int64_t i = 0; i < count; ++i) {
    const float normal = random.uniform() + random.uniform() + random.uniform();
    logits[i] = kind < 3 ? std::round(4 * normal) * (i % 2 == 0 ? 1.0f : -0.0f) : normal * spread;
    if (kind == 3 ? random.below(4) > 0 : kind == 4 && random.below(30) == 0) {
      logits[i] = -infinity;
    }
  }
  if (kind == 5) {
    std::fill(logits, logits + count, -infinity);
  } else if (kind == 6) {
    logits[random.below(static_cast<int>(count))] = one(random, {NAN, -NAN, infinity});
  }
}

void check(const Both &both, const char *what, int64_t rows, int64_t stride, const Array<float> &logits,
           const Array<gk_sampling> &sampling) {
  const Twin<float> l(copyOf(logits));
  const Twin<gk_sampling> s(copyOf(sampling));
  const Twin<int32_t> tokens(rows);
  const Twin<float> probabilities(rows);
  both.run([&](const Side &side) {
    const gk_tensor x = tensor(l.on(side), rows, stride), t = ids(tokens.on(side), 1, rows);
    OK(gk_sample(side, &x, s.on(side), &t, probabilities.on(side)));
  });
  const std::string name = std::string(what) + ", " + std::to_string(rows) + " rows of " + std::to_string(stride);
  const Array<int32_t> drawn = tokens.ofCuda();
  for (int64_t r = 0; r < rows; ++r) {
    const gk_sampling &o = sampling[r];
    CHECK(drawn[r] == tokens.ofCpu()[r],
          "%s, row %ld: %d, expected %d; chain %x, temperature %g, top_k %d, top_p %.17g, min_p %g", name.c_str(),
          static_cast<long>(r), drawn[r], tokens.ofCpu()[r], static_cast<unsigned>(o.chain),
          static_cast<double>(o.temperature), o.top_k, o.top_p, static_cast<double>(o.min_p));
    CHECK(drawn[r] < o.limit && drawn[r] >= GK_ALL_BANNED);
  }
  expectSameBits(name + ", probabilities", probabilities.ofCpu(), probabilities.ofCuda());
}

void checkAny(const Both &both, int64_t rows, int64_t limit) {
  Random random(static_cast<uint64_t>(rows * 1000003 + limit));
  const int64_t stride = limit + random.below(3);
  Array<float> logits(rows * stride);
  Array<gk_sampling> sampling(rows);
  for (int64_t r = 0; r < rows; ++r) {
    fill(random, logits.data() + r * stride, stride);
    sampling[r] = anySampling(random, static_cast<int>(limit));
  }
  check(both, "any", rows, stride, logits, sampling);
}

// More candidates than are ranked at once survive every cut, so that the row is read until the end.
void checkMany(const Both &both, int64_t limit, float spread, int32_t chain) {
  Random random(7);
  Array<float> logits(limit);
  for (int64_t i = 0; i < limit; ++i) {
    logits[i] = random.uniform() * spread;
  }
  Array<gk_sampling> sampling(1);
  sampling[0] = {11, 5, 0.9, 1.5f, -30.0f, static_cast<int32_t>(limit) - 3, chain, static_cast<int32_t>(limit), 0};
  check(both, "many", 1, limit, logits, sampling);
}

}  // namespace

int main() {
  const Both both;
  for (const int64_t limit : {1, 2, 31, 32, 33, 400, 1024, 2047, 2048, 2049, 5000}) {
    checkAny(both, 40, limit);
  }
  checkAny(both, 1, 151936);
  checkAny(both, 3, 40000);
  for (const int32_t chain : {0x4321, 0x1234, 0x1423, 0x2, 0x42, 0x24, 0x3, 0x143, 0x4, 0}) {
    for (const float spread : {0.0f, 1e-3f, 0.3f, 4.0f}) {
      checkMany(both, 9000, spread, chain);
    }
  }
  return finish(both);
}
