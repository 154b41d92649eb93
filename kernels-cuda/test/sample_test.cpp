// sample_test.cpp: Sample on CUDA draws the CPU's token, whatever chain, logits and masks are.
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

// Allows, by kind, many, few, one, none, all, or only ids that are never drawn.
constexpr int maskKinds = 6;
void fillMask(Random &random, int kind, uint32_t *mask, int64_t words, int limit) {
  std::fill(mask, mask + words, kind == 4 ? ~0u : 0u);
  const auto allow = [&](int id) { mask[id / 32] |= 1u << (id % 32); };
  const int last = static_cast<int>(words) * 32;
  if (kind == 2) {
    allow(random.below(limit));
  }
  for (int id = kind == 5 ? limit : 0; id < last && kind != 2 && kind != 3; ++id) {
    if (kind == 0 ? random.below(3) > 0 : kind == 5 || random.below(50) == 0) {
      allow(id);
    }
  }
}

// Those of all rows, in an order of their own.
struct Masks {
  int64_t rows, words, stride;
  Array<int32_t> bits;

  Masks(Random &random, int64_t cols, int64_t count)
      : rows(count), words((cols + 31) / 32), stride(words + random.below(3)), bits(rows * stride) {
    bits.fillBytes(0xff);
  }

  uint32_t *row(int64_t at) { return reinterpret_cast<uint32_t *>(bits.data()) + at * stride; }

  bool allows(int32_t at, int32_t id) const {
    return at < 0 || (static_cast<uint32_t>(bits.data()[at * stride + id / 32]) >> (id % 32) & 1) != 0;
  }
};

void check(const Both &both, const char *what, int64_t rows, int64_t stride, const Array<float> &logits,
           const Array<gk_sampling> &sampling, const Masks *masks = nullptr) {
  const Twin<float> l(copyOf(logits));
  const Twin<gk_sampling> s(copyOf(sampling));
  const Array<int32_t> noBits(1);
  const Twin<int32_t> bits(copyOf(masks == nullptr ? noBits : masks->bits));
  const Twin<int32_t> tokens(rows);
  const Twin<float> probabilities(rows);
  both.run([&](const Side &side) {
    const gk_tensor x = tensor(l.on(side), rows, stride), t = ids(tokens.on(side), 1, rows);
    gk_tensor m = {};
    if (masks != nullptr) {
      m = {bits.on(side), masks->rows, masks->words, masks->stride, GK_I32, 0};
    }
    OK(gk_sample(side, &x, s.on(side), masks == nullptr ? nullptr : &m, &t, probabilities.on(side)));
  });
  const std::string name = std::string(what) + ", " + std::to_string(rows) + " rows of " + std::to_string(stride);
  const Array<int32_t> drawn = tokens.ofCuda();
  for (int64_t r = 0; r < rows; ++r) {
    const gk_sampling &o = sampling[r];
    CHECK(drawn[r] == tokens.ofCpu()[r],
          "%s, row %ld: %d, expected %d; chain %x, temperature %g, top_k %d, top_p %.17g, min_p %g, mask %d",
          name.c_str(), static_cast<long>(r), drawn[r], tokens.ofCpu()[r], static_cast<unsigned>(o.chain),
          static_cast<double>(o.temperature), o.top_k, o.top_p, static_cast<double>(o.min_p), o.mask);
    CHECK(drawn[r] < o.limit && drawn[r] >= GK_ALL_BANNED);
    CHECK(masks == nullptr || drawn[r] < 0 || masks->allows(o.mask, drawn[r]));
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
  Masks masks(random, stride, rows);
  for (int64_t r = 0; r < rows; ++r) {
    const auto at = static_cast<int32_t>(rows - 1 - r);
    sampling[r].mask = random.below(4) > 0 ? at : -1;
    fillMask(random, random.below(maskKinds), masks.row(at), masks.words, sampling[r].limit);
  }
  check(both, "masked", rows, stride, logits, sampling, &masks);
}

// A logit that is no number ends the draw but where its id is masked.
void checkNumbers(const Both &both) {
  constexpr int64_t cols = 40;
  Array<float> logits(4 * cols);
  Array<gk_sampling> sampling(4);
  Random random(3);
  for (int64_t i = 0; i < 4 * cols; ++i) {
    logits[i] = random.uniform();
  }
  for (int64_t r = 0; r < 4; ++r) {
    sampling[r] = {1, r, 1, r % 2 == 0 ? 0.0f : 1.0f, -infinity, 0, 0x4, cols, 0};
    logits[r * cols + 35] = r < 2 ? NAN : infinity;
  }
  Masks masks(random, cols, 4);
  for (int64_t r = 0; r < 4; ++r) {
    sampling[r].mask = static_cast<int32_t>(r);
    masks.row(r)[0] = masks.row(r)[1] = ~0u;
  }
  const auto expect = [&](bool drawn) {
    const Twin<float> l(copyOf(logits));
    const Twin<gk_sampling> s(copyOf(sampling));
    const Twin<int32_t> bits(copyOf(masks.bits)), tokens(4);
    both.run([&](const Side &side) {
      const gk_tensor x = tensor(l.on(side), 4, cols), t = ids(tokens.on(side), 1, 4);
      const gk_tensor m = {bits.on(side), masks.rows, masks.words, masks.stride, GK_I32, 0};
      OK(gk_sample(side, &x, s.on(side), &m, &t, nullptr));
    });
    for (int64_t r = 0; r < 4; ++r) {
      for (const int32_t token : {tokens.ofCpu()[r], tokens.ofCuda()[r]}) {
        CHECK(drawn ? token >= 0 && token != 35 : token == GK_NOT_A_NUMBER, "row %ld: %d", static_cast<long>(r), token);
      }
    }
  };
  expect(false);
  for (int64_t r = 0; r < 4; ++r) {
    masks.row(r)[1] &= ~(1u << 3);
  }
  expect(true);
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
  Masks masks(random, limit, 1);
  for (int kind = 0; kind < maskKinds; ++kind) {
    fillMask(random, kind, masks.row(0), masks.words, static_cast<int>(limit));
    check(both, "many, masked", 1, limit, logits, sampling, &masks);
  }
}

}  // namespace

int main() {
  const Both both;
  for (const int64_t limit : {1, 2, 31, 32, 33, 400, 1024, 2047, 2048, 2049, 5000}) {
    checkAny(both, 40, limit);
  }
  checkAny(both, 1, 151936);
  checkAny(both, 3, 40000);
  checkNumbers(both);
  for (const int32_t chain : {0x4321, 0x1234, 0x1423, 0x2, 0x42, 0x24, 0x3, 0x143, 0x4, 0}) {
    for (const float spread : {0.0f, 1e-3f, 0.3f, 4.0f}) {
      checkMany(both, 9000, spread, chain);
    }
  }
  return finish(both);
}
