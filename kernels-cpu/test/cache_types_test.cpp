// cache_types_test.cpp: what RopeStore writes into caches of every type, bit for bit by kernels.h's formulas, on every
// instruction set; and what the Walsh-Hadamard matrix does to queries and keys.
#include <limits>

#include "cache_values.hpp"
#include "contract.hpp"

using namespace gatun::test;
namespace cpu = gatun::cpu;

namespace {

using Head = std::vector<float>;

// One sequence of tokens, each of one query, one key and one value of a head, that rotation leaves as they are.
class Stored {
 public:
  Stored(const Queue &queue, int32_t keyType, int32_t valueType, const std::vector<Head> &keys,
         const std::vector<Head> &values)
      : dim_(static_cast<int64_t>(keys[0].size())), tokens_(static_cast<int64_t>(keys.size())) {
    const auto maxPages = static_cast<int32_t>((tokens_ + GK_PAGE_TOKENS - 1) / GK_PAGE_TOKENS);
    cache_ = {nullptr, maxPages, 1, static_cast<int32_t>(dim_), keyType, valueType, 0};
    OK(gk_cache_page_bytes(queue, &cache_, &pageBytes));
    pages_ = std::make_unique<Array<uint8_t>>(pageBytes * maxPages);
    pages_->fillBytes(0xff);
    cache_.pages = pages_->data();
    std::vector<int32_t> position, sequence(keys.size(), 0), table;
    Array<float> angles(tokens_ * 2), k(tokens_ * dim_), v(tokens_ * dim_);
    q_ = std::make_unique<Array<float>>(tokens_ * dim_);
    for (int64_t t = 0; t < tokens_; ++t) {
      const auto at = static_cast<size_t>(t);
      position.push_back(static_cast<int32_t>(t));
      angles[2 * t] = 1;
      angles[2 * t + 1] = 0;
      std::copy(keys[at].begin(), keys[at].end(), q_->data() + t * dim_);
      std::copy(keys[at].begin(), keys[at].end(), k.data() + t * dim_);
      std::copy(values[at].begin(), values[at].end(), v.data() + t * dim_);
    }
    for (int32_t p = 0; p < maxPages; ++p) {
      table.push_back(p);
    }
    const gk_batch batch = {
        position.data(), sequence.data(), table.data(), static_cast<int32_t>(tokens_), 1, maxPages, 0};
    const gk_rope rope = {angles.data(), nullptr, nullptr, nullptr, nullptr, nullptr, 0, 2, GK_ROPE_HALF_SPLIT, 0};
    const gk_tensor qs = tensor(q_->data(), tokens_, dim_), ks = tensor(k.data(), tokens_, dim_),
                    vs = tensor(v.data(), tokens_, dim_);
    OK(gk_rope_store(queue, &rope, &batch, &qs, &ks, &vs, &cache_));
  }

  Head key(int64_t token) const { return storedKey(cache_, page(token), 0, token % GK_PAGE_TOKENS); }
  Head value(int64_t token) const { return storedValue(cache_, page(token), 0, token % GK_PAGE_TOKENS); }
  // The query that was the same as the key.
  Head query(int64_t token) const { return Head(q_->data() + token * dim_, q_->data() + (token + 1) * dim_); }

  int64_t pageBytes = 0;

 private:
  static int32_t page(int64_t token) { return static_cast<int32_t>(token / GK_PAGE_TOKENS); }

  int64_t dim_, tokens_;
  gk_cache cache_{};
  std::unique_ptr<Array<uint8_t>> pages_;
  std::unique_ptr<Array<float>> q_;
};

// Equal as numbers: rotation makes -0 of some elements 0, and a scale of 0 has no sign.
bool same(const Head &a, const Head &b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

double dot(const Head &a, const Head &b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return sum;
}

// Heads whose Walsh-Hadamard transform is exact but for the last multiplication: integers times a power of two. Some
// are all zeros, some tiny, some large, some with two elements of the greatest magnitude.
std::vector<Head> heads(int64_t dim, int count, uint64_t seed) {
  Random random(seed);
  std::vector<Head> all;
  for (int i = 0; i < count; ++i) {
    const int exponents[] = {-8, 0, -40, 5, -146, -8};
    const float unit = std::ldexp(1.0f, exponents[i % 6]);
    Head head;
    for (int64_t d = 0; d < dim; ++d) {
      const bool silent = i % 7 == 3 && d / 32 % 2 == 0;
      head.push_back(silent ? 0.0f : static_cast<float>(random.below(2047) - 1023) * unit);
    }
    if (i % 5 == 1) {
      head[static_cast<size_t>(dim / 3)] = 1023 * unit;
      head[static_cast<size_t>(dim / 3 + 1)] = -1023 * unit;
    }
    all.push_back(head);
  }
  return all;
}

// The key as RopeStore rounds it: the sums are exact, and the factor is rounded as it is there.
Head spread(const Head &head) {
  Head sums;
  for (const double sum : hadamardSums(std::vector<double>(head.begin(), head.end()))) {
    sums.push_back(static_cast<float>(sum) * (1.0f / std::sqrt(static_cast<float>(hadamardRun(head.size())))));
  }
  return sums;
}

int64_t typeBytes(int32_t type, int64_t elements) {
  switch (type) {
    case GK_F32:
      return 4 * elements;
    case GK_Q8_0:
      return elements / 32 * 34;
    case GK_Q4_0:
      return elements / 32 * 18;
    case GK_TURBO4:
      return elements / 2 + 2 * GK_PAGE_TOKENS;
    case GK_TURBO3:
      return elements / 8 * 3 + 2 * GK_PAGE_TOKENS;
    default:
      return type == GK_F8 ? elements : 2 * elements;
  }
}

void everyPair(const Queue &queue, int isa) {
  for (const int64_t dim : {16, 32, 64, 80, 96, 128, 176, 256}) {
    const std::vector<Head> keys = heads(dim, 37, 1), values = heads(dim, 37, 2);
    for (const CacheType &k : cacheTypes) {
      for (const CacheType &v : cacheTypes) {
        if (dim % 32 != 0 && (cpu::cacheHasScales(k.dtype) || cpu::cacheHasScales(v.dtype))) {
          continue;
        }
        const Stored stored(queue, k.dtype, v.dtype, keys, values);
        const int64_t elements = GK_PAGE_TOKENS * dim;
        CHECK(stored.pageBytes == typeBytes(k.dtype, elements) + typeBytes(v.dtype, elements));
        for (size_t t = 0; t < keys.size(); ++t) {
          const auto token = static_cast<int64_t>(t);
          const Head key = cpu::cacheSpreadsKeys(k.dtype) ? spread(keys[t]) : keys[t];
          const Head value = cpu::cacheSpreadsValues(v.dtype) ? spread(values[t]) : values[t];
          CHECK(same(stored.query(token), key), "isa %d, head of %d, %s, query %d", isa, static_cast<int>(dim), k.name,
                static_cast<int>(t));
          CHECK(same(stored.key(token), roundHead(k.dtype, key)), "isa %d, head of %d, %s, key %d", isa,
                static_cast<int>(dim), k.name, static_cast<int>(t));
          CHECK(same(stored.value(token), roundHead(v.dtype, value)), "isa %d, head of %d, %s, value %d", isa,
                static_cast<int>(dim), v.name, static_cast<int>(t));
        }
      }
    }
  }
}

// Every number of float16, and around each number of float8 and each middle of two the floats next to it.
void everyFloat8(const Queue &queue, int isa) {
  std::vector<float> numbers = {0.0f, 448, 449, 463.9f, 464, 480, 1e6f, 3e38f, INFINITY, 1e-9f, 1e-45f, NAN};
  for (int bits = 0; bits < 0x7c00; ++bits) {
    numbers.push_back(cpu::f16ToF32(static_cast<uint16_t>(bits)));
  }
  for (int code = 0; code < 0x7e; ++code) {
    const float a = f8ToF32(static_cast<uint8_t>(code)), b = f8ToF32(static_cast<uint8_t>(code + 1));
    for (const float x : {a, (a + b) / 2, b}) {
      numbers.insert(numbers.end(), {x, std::nextafter(x, 0.0f), std::nextafter(x, 1e9f)});
    }
  }
  numbers.resize((numbers.size() + 127) / 128 * 128, 1.0f);
  std::vector<Head> all;
  for (size_t i = 0; i < numbers.size(); i += 128) {
    all.emplace_back(numbers.begin() + static_cast<int64_t>(i), numbers.begin() + static_cast<int64_t>(i) + 128);
    all.push_back(all.back());
    for (float &x : all.back()) {
      x = -x;
    }
  }
  // Rotation by nothing turns an infinity into no number; values are not rotated.
  std::vector<Head> finite = all;
  for (Head &head : finite) {
    std::replace_if(head.begin(), head.end(), [](float x) { return !std::isfinite(x); }, 2.0f);
  }
  const Stored stored(queue, GK_F8, GK_F8, finite, all);
  for (size_t t = 0; t < all.size(); ++t) {
    const Head value = stored.value(static_cast<int64_t>(t)), key = stored.key(static_cast<int64_t>(t));
    for (size_t i = 0; i < value.size(); ++i) {
      const float expected = roundF8(all[t][i]);
      CHECK((std::isnan(value[i]) && std::isnan(expected)) ||
                (value[i] == expected && std::signbit(value[i]) == std::signbit(expected)),
            "isa %d: %a is stored as %a, expected %a", isa, static_cast<double>(all[t][i]),
            static_cast<double>(value[i]), static_cast<double>(expected));
      CHECK(key[i] == roundF8(finite[t][i]), "isa %d: key %a", isa, static_cast<double>(finite[t][i]));
    }
  }
}

// Scores of rotated queries and keys are what they were: the bound is what rounding of log2 256 + 1 steps adds up to.
void scoresStay(const Queue &queue) {
  for (const int64_t dim : {32, 64, 96, 160, 256}) {
    Random random(static_cast<uint64_t>(dim));
    std::vector<Head> all(24, Head(static_cast<size_t>(dim)));
    for (Head &head : all) {
      for (float &x : head) {
        x = random.uniform();
      }
    }
    const Stored stored(queue, GK_Q4_0, GK_F32, all, all);
    for (size_t a = 0; a < all.size(); ++a) {
      for (size_t b = 0; b <= a; ++b) {
        const double before = dot(all[a], all[b]);
        const double after = dot(stored.query(static_cast<int64_t>(a)), stored.query(static_cast<int64_t>(b)));
        const double size = std::sqrt(dot(all[a], all[a]) * dot(all[b], all[b]));
        CHECK(std::fabs(after - before) <= 18 * 0x1p-24 * size, "heads of %d: %g became %g", static_cast<int>(dim),
              before, after);
      }
    }
  }
}

// The magnitudes of the best `count` levels of a normal distribution (source: J. Max, Quantizing for Minimum
// Distortion, 1960): each is the mean of what lies nearest to it.
std::vector<double> bestLevels(size_t count) {
  std::vector<double> levels;
  for (size_t i = 0; i < count; ++i) {
    levels.push_back(3.0 * (static_cast<double>(i) + 0.5) / static_cast<double>(count));
  }
  const auto density = [](double x) { return std::exp(-x * x / 2) / std::sqrt(2 * M_PI); };
  const auto below = [](double x) { return std::erf(x / std::sqrt(2.0)) / 2; };
  for (int round = 0; round < 5000; ++round) {
    double from = 0;
    for (size_t i = 0; i < count; ++i) {
      const double to = i + 1 < count ? (levels[i] + levels[i + 1]) / 2 : 40;
      levels[i] = (density(from) - density(to)) / (below(to) - below(from));
      from = to;
    }
  }
  return levels;
}

// The levels are the best ones, and heads lose what these do: Max's 0.009501 and 0.03455 of the mean square, less a few
// percent, since each of 128 elements has its own scale; and keys lose what values do.
void levelsAreBest(const Queue &queue) {
  for (const auto &[type, name] : {CacheType{GK_TURBO4, "TURBO4"}, CacheType{GK_TURBO3, "TURBO3"}}) {
    const std::vector<double> best = bestLevels(turboMagnitudes(type).size());
    for (size_t i = 0; i < best.size(); ++i) {
      const double level = best[i] / static_cast<double>(gatun::turbo::unit(type));
      CHECK(std::fabs(level - static_cast<double>(turboMagnitudes(type)[i])) < 0.5, "%s, level %d: %g", name,
            static_cast<int>(i), level);
    }
    Random random(21);
    std::vector<Head> all(4000, Head(128));
    for (Head &head : all) {
      for (float &x : head) {  // nearly normal: the sum of twelve
        x = 0;
        for (int i = 0; i < 12; ++i) {
          x += random.uniform();
        }
      }
    }
    const Stored stored(queue, type, type, all, all);
    double lost = 0, all2 = 0;
    for (size_t t = 0; t < all.size(); ++t) {
      const Head exact = stored.query(static_cast<int64_t>(t)), key = stored.key(static_cast<int64_t>(t));
      CHECK(same(key, stored.value(static_cast<int64_t>(t))), "%s: a value is not as the key", name);
      for (size_t d = 0; d < key.size(); ++d) {
        lost += std::pow(static_cast<double>(exact[d]) - static_cast<double>(key[d]), 2);
      }
      all2 += dot(exact, exact);
    }
    const double expected = type == GK_TURBO4 ? 0.009501 : 0.03455;
    std::printf("%s: %.5f of the mean square is lost\n", name, lost / all2);
    CHECK(lost / all2 > 0.95 * expected && lost / all2 < expected, "%s: %g", name, lost / all2);
  }
}

// Keys with a few channels much larger than the rest lose less in 4 bits when they are spread first.
void spreadingHelps(const Queue &queue) {
  Random random(9);
  std::vector<Head> keys(64, Head(128)), queries(64, Head(128));
  for (size_t t = 0; t < keys.size(); ++t) {
    for (size_t d = 0; d < 128; ++d) {
      keys[t][d] = random.uniform() * (d % 50 == 7 ? 20.0f : 1.0f);
      queries[t][d] = random.uniform();
    }
  }
  const Stored stored(queue, GK_Q4_0, GK_F32, keys, keys), asked(queue, GK_Q4_0, GK_F32, queries, queries);
  double with = 0, without = 0;
  for (size_t a = 0; a < keys.size(); ++a) {
    for (size_t b = 0; b < keys.size(); ++b) {
      const double exact = dot(queries[a], keys[b]);
      const double spreadError = dot(asked.query(static_cast<int64_t>(a)), stored.key(static_cast<int64_t>(b))) - exact;
      const double plainError = dot(queries[a], roundHead(GK_Q4_0, keys[b])) - exact;
      with += spreadError * spreadError;
      without += plainError * plainError;
    }
  }
  std::printf("scores of Q4_0 keys with outliers: mean square error %.3g, without the transform %.3g\n", with / 4096,
              without / 4096);
  CHECK(with < without / 2, "%g, %g", with, without);
}

}  // namespace

int main() {
  for (int isa = GK_ISA_PLAIN; isa <= bestIsa(); ++isa) {
    const Queue queue(2, isa);
    everyPair(queue, isa);
    everyFloat8(queue, isa);
    scoresStay(queue);
    spreadingHelps(queue);
    levelsAreBest(queue);
  }
  return finish();
}
