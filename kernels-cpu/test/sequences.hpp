// sequences.hpp: sequences with random queries, keys and values, run through RopeTable, RopeStore and Attention in
// chunks, and what double precision says of the rotated queries and keys, of the cache and of the results.
#pragma once

#include <algorithm>
#include <cmath>

#include "cache_values.hpp"
#include "contract.hpp"

namespace gatun::test {

struct Shape {
  int heads;
  int kvHeads;
  int headDim;
  int ropeDim;
  int style;
  int keyType;
  int valueType;
  bool biases;
  bool norms;
  std::vector<int> lengths;  // of the sequences
};

struct Results {
  Array<float> q;  // (all tokens, heads * headDim) rotated
  Array<float> y;  // (all tokens, heads * headDim)
  Array<uint8_t> pages;
};

// The largest differences from double precision.
struct Errors {
  double q;      // of a rotated query's element
  double key;    // of a key's element in the cache
  double value;  // of a value's
  double y;      // of a result from that of the queries and the cache as they are
};

class Sequences {
 public:
  explicit Sequences(const Shape &shape, uint64_t seed)
      : s(shape), random(seed), width(s.heads * s.headDim), kvWidth(s.kvHeads * s.headDim), tokens(0) {
    for (int length : s.lengths) {
      starts.push_back(tokens);
      tokens += length;
      maxPages = std::max(maxPages, (length + GK_PAGE_TOKENS - 1) / GK_PAGE_TOKENS + 1);
    }
    fill(q, tokens * width, 2);
    fill(k, tokens * kvWidth, 2);
    fill(v, tokens * kvWidth, 1);
    fill(qBias, width, 0.5f);
    fill(kBias, kvWidth, 0.5f);
    fill(vBias, kvWidth, 0.5f);
    fill(qNorm, s.headDim, 1.5f);
    fill(kNorm, s.headDim, 1.5f);
    for (int i = 0; i < s.ropeDim / 2; ++i) {
      invFreq.push_back(static_cast<float>(std::pow(10000.0, -2.0 * i / s.ropeDim)));
    }
    // Every sequence's pages lie scattered over the cache.
    for (int i = 0; i < maxPages * static_cast<int>(s.lengths.size()); ++i) {
      pageTable.push_back(i);
    }
    for (size_t i = pageTable.size(); i > 1; --i) {
      std::swap(pageTable[i - 1], pageTable[static_cast<size_t>(random.below(static_cast<int>(i)))]);
    }
  }

  // Runs all sequences in steps of up to `chunk` tokens each; together in a step, or one sequence after another.
  Results run(gk_queue *queue, int chunk, bool together) const {
    Results results = empty(queue);
    const gk_cache cache = cacheAt(results.pages.data());
    const int count = static_cast<int>(s.lengths.size());
    for (int group = 0; group < (together ? 1 : count); ++group) {
      const int longest = *std::max_element(s.lengths.begin(), s.lengths.end());
      for (int done = 0; done < longest; done += chunk) {
        Step next;
        for (int i = together ? 0 : group; i < (together ? count : group + 1); ++i) {
          for (int t = done; t < std::min(done + chunk, s.lengths[static_cast<size_t>(i)]); ++t) {
            next.add(i, t);
          }
        }
        if (!next.position.empty()) {
          step(queue, cache, next, results);
        }
      }
    }
    return results;
  }

  // Runs all sequences in steps where some decode one token, some read up to `chunk`, others wait, in any order, and
  // rows of padding come after either.
  Results runMixed(gk_queue *queue, int chunk, uint64_t seed) const {
    Random chance(seed);
    Results results = empty(queue);
    const gk_cache cache = cacheAt(results.pages.data());
    std::vector<int> done(s.lengths.size(), 0);
    for (int64_t left = tokens; left > 0;) {
      std::vector<int> decoding, reading;
      for (size_t i = 0; i < done.size(); ++i) {
        const int turn = chance.below(5);
        if (done[i] < s.lengths[i] && turn > 0) {
          auto &some = turn > 2 ? decoding : reading;
          some.insert(some.begin() + chance.below(static_cast<int>(some.size()) + 1), static_cast<int>(i));
        }
      }
      Step next;
      const auto append = [&](int sequence, int count) {
        int &from = done[static_cast<size_t>(sequence)];
        for (const int end = std::min(from + count, s.lengths[static_cast<size_t>(sequence)]); from < end; ++from) {
          next.add(sequence, from);
          --left;
        }
      };
      const auto pad = [&](int rows) {
        for (; rows > 0; --rows) {
          next.add(-1, rows % 2 == 0 ? INT32_MIN : INT32_MAX);
        }
      };
      for (const int i : decoding) {
        append(i, 1);
      }
      pad(chance.below(3));
      next.singles = static_cast<int32_t>(next.position.size());
      for (const int i : reading) {
        append(i, 1 + chance.below(chunk));
      }
      pad(chance.below(3));
      if (!next.position.empty()) {
        step(queue, cache, next, results);
      }
    }
    return results;
  }

  Errors worstErrors(const Results &results) const;

 private:
  struct Step {
    std::vector<int32_t> position, sequence;
    int32_t singles = 0;
    void add(int32_t inSequence, int32_t at) {
      position.push_back(at);
      sequence.push_back(inSequence);
    }
  };

  Results empty(gk_queue *queue) const {
    const gk_cache cache = cacheAt(nullptr);
    int64_t pageBytes = 0;
    OK(gk_cache_page_bytes(queue, &cache, &pageBytes));
    Results results{Array<float>(tokens * width), Array<float>(tokens * width),
                    Array<uint8_t>(pageBytes * cache.page_count)};
    results.pages.fillBytes(0xff);  // not a number, in every type: what is not stored must not be read
    return results;
  }

  gk_cache cacheAt(uint8_t *pages) const {
    return {pages, static_cast<int32_t>(pageTable.size()), s.kvHeads, s.headDim, s.keyType, s.valueType, 0};
  }

  static const float *optional(bool wanted, const std::vector<float> &values) {
    return wanted ? values.data() : nullptr;
  }

  void fill(std::vector<float> &values, int64_t n, float scale) {
    for (int64_t i = 0; i < n; ++i) {
      values.push_back(random.uniform() * scale);
    }
  }

  int64_t token(int32_t sequence, int32_t position) const { return starts[static_cast<size_t>(sequence)] + position; }

  // The page table with entries for what the step may read, and no page elsewhere.
  std::vector<int32_t> tableOf(const Step &step) const {
    std::vector<int32_t> table(pageTable.size(), INT32_MAX);
    for (size_t i = 0; i < step.position.size(); ++i) {
      for (int p = 0; step.sequence[i] >= 0 && p <= step.position[i] / GK_PAGE_TOKENS; ++p) {
        const auto at = static_cast<size_t>(step.sequence[i] * maxPages + p);
        table[at] = pageTable[at];
      }
    }
    return table;
  }

  void step(gk_queue *queue, const gk_cache &cache, const Step &step, const Results &results) const {
    const std::vector<int32_t> &position = step.position, &sequence = step.sequence, reachable = tableOf(step);
    const auto n = static_cast<int64_t>(position.size());
    Array<float> table(n * s.ropeDim), qs(n * width), ks(n * kvWidth), vs(n * kvWidth), ys(n * width);
    for (Array<float> *array : {&table, &qs, &ks, &vs, &ys}) {
      array->fillBytes(0xff);
    }
    for (int64_t i = 0; i < n; ++i) {
      if (sequence[static_cast<size_t>(i)] < 0) {
        continue;
      }
      const int64_t t = token(sequence[static_cast<size_t>(i)], position[static_cast<size_t>(i)]);
      std::copy_n(q.data() + t * width, width, qs.data() + i * width);
      std::copy_n(k.data() + t * kvWidth, kvWidth, ks.data() + i * kvWidth);
      std::copy_n(v.data() + t * kvWidth, kvWidth, vs.data() + i * kvWidth);
    }
    const gk_batch batch = {position.data(),
                            sequence.data(),
                            reachable.data(),
                            static_cast<int32_t>(n),
                            static_cast<int32_t>(s.lengths.size()),
                            maxPages,
                            step.singles};
    const gk_rope rope = {table.data(),
                          optional(s.biases, qBias),
                          optional(s.biases, kBias),
                          optional(s.biases, vBias),
                          optional(s.norms, qNorm),
                          optional(s.norms, kNorm),
                          1e-6f,
                          s.ropeDim,
                          s.style,
                          0};
    const gk_tensor qt = tensor(qs.data(), n, width), kt = tensor(ks.data(), n, kvWidth),
                    vt = tensor(vs.data(), n, kvWidth), yt = tensor(ys.data(), n, width);
    OK(gk_rope_table(queue, &batch, invFreq.data(), s.ropeDim, 1.0f, table.data()));
    OK(gk_rope_store(queue, &rope, &batch, &qt, &kt, &vt, &cache));
    OK(gk_attention(queue, &batch, &qt, &cache, scale(), GK_COMPUTE_F32, &yt));
    for (int64_t i = 0; i < n; ++i) {
      if (sequence[static_cast<size_t>(i)] < 0) {
        checkPadding(table.data() + i * s.ropeDim, s.ropeDim, 0xff, "a row of the table");
        checkPadding(qs.data() + i * width, width, 0xff, "a query");
        checkPadding(ys.data() + i * width, width, 0, "a result");
        continue;
      }
      const int64_t t = token(sequence[static_cast<size_t>(i)], position[static_cast<size_t>(i)]);
      std::copy_n(qs.data() + i * width, width, results.q.data() + t * width);
      std::copy_n(ys.data() + i * width, width, results.y.data() + t * width);
    }
  }

  static void checkPadding(const float *row, int64_t n, unsigned char byte, const char *what) {
    const std::vector<unsigned char> expected(static_cast<size_t>(n) * sizeof(float), byte);
    CHECK(std::memcmp(row, expected.data(), expected.size()) == 0, "%s of padding is not all 0x%02x", what, byte);
  }

  float scale() const { return 1 / std::sqrt(static_cast<float>(s.headDim)); }

  // A head of q or k with bias, norm, rotation and what else its keys ask for.
  std::vector<double> rotated(const float *head, const float *bias, const std::vector<float> &norm,
                              int position) const {
    std::vector<double> x(head, head + s.headDim);
    double squares = 0;
    for (int i = 0; i < s.headDim; ++i) {
      x[static_cast<size_t>(i)] += s.biases ? static_cast<double>(bias[i]) : 0;
      squares += x[static_cast<size_t>(i)] * x[static_cast<size_t>(i)];
    }
    for (int i = 0; s.norms && i < s.headDim; ++i) {
      x[static_cast<size_t>(i)] *=
          static_cast<double>(norm[static_cast<size_t>(i)]) / std::sqrt(squares / s.headDim + 1e-6);
    }
    for (int i = 0; i < s.ropeDim / 2; ++i) {
      const size_t a = static_cast<size_t>(s.style == GK_ROPE_HALF_SPLIT ? i : 2 * i);
      const size_t b = static_cast<size_t>(s.style == GK_ROPE_HALF_SPLIT ? i + s.ropeDim / 2 : 2 * i + 1);
      const double angle = static_cast<double>(static_cast<float>(position) * invFreq[static_cast<size_t>(i)]);
      const double first = x[a] * std::cos(angle) - x[b] * std::sin(angle);
      x[b] = x[b] * std::cos(angle) + x[a] * std::sin(angle);
      x[a] = first;
    }
    return cpu::cacheSpreadsKeys(s.keyType) ? hadamard(x) : x;
  }

  const Shape s;
  Random random;
  const int64_t width, kvWidth;
  int64_t tokens;
  int maxPages = 0;
  std::vector<int64_t> starts;
  std::vector<float> q, k, v, qBias, kBias, vBias, qNorm, kNorm, invFreq;
  std::vector<int32_t> pageTable;
};

// Attention of one query over the first keys and values, as many as there are keys.
inline std::vector<double> attend(const float *query, float scale, const std::vector<std::vector<float>> &keys,
                                  const std::vector<std::vector<float>> &values) {
  std::vector<double> p, y(keys[0].size(), 0.0);
  double total = 0, top = -INFINITY;
  for (const auto &key : keys) {
    double dot = 0;
    for (size_t d = 0; d < key.size(); ++d) {
      dot += static_cast<double>(key[d]) * static_cast<double>(query[d]);
    }
    p.push_back(dot * static_cast<double>(scale));
    top = std::max(top, p.back());
  }
  for (size_t j = 0; j < p.size(); ++j) {
    const double e = std::exp(p[j] - top);
    for (size_t d = 0; d < y.size(); ++d) {
      y[d] += e * static_cast<double>(values[j][d]);
    }
    total += e;
  }
  for (double &element : y) {
    element /= total;
  }
  return y;
}

// A NaN is the largest error there is.
template <class T>
void widen(double &worst, const T *found, const std::vector<double> &expected) {
  for (size_t d = 0; d < expected.size(); ++d) {
    const double error = std::fabs(static_cast<double>(found[d]) - expected[d]);
    worst = std::isnan(error) ? INFINITY : std::max(worst, error);
  }
}

inline Errors Sequences::worstErrors(const Results &results) const {
  Errors worst{0, 0, 0, 0};
  const gk_cache cache = cacheAt(results.pages.data());
  const int group = s.heads / s.kvHeads;
  for (size_t i = 0; i < s.lengths.size(); ++i) {
    for (int kv = 0; kv < s.kvHeads; ++kv) {
      std::vector<std::vector<float>> keys, values;
      for (int t = 0; t < s.lengths[i]; ++t) {
        const int64_t at = token(static_cast<int32_t>(i), t), offset = int64_t{kv} * s.headDim;
        const int32_t page = pageTable[i * static_cast<size_t>(maxPages) + static_cast<size_t>(t / GK_PAGE_TOKENS)];
        keys.push_back(storedKey(cache, page, kv, t % GK_PAGE_TOKENS));
        values.push_back(storedValue(cache, page, kv, t % GK_PAGE_TOKENS));
        std::vector<double> value;
        for (int64_t d = offset; d < offset + s.headDim; ++d) {
          value.push_back(static_cast<double>(v[static_cast<size_t>(at * kvWidth + d)]) +
                          (s.biases ? static_cast<double>(vBias[static_cast<size_t>(d)]) : 0));
        }
        const bool spread = cpu::cacheSpreadsValues(s.valueType);
        widen(worst.value, values.back().data(), spread ? hadamard(value) : value);
        widen(worst.key, keys.back().data(),
              rotated(k.data() + at * kvWidth + offset, kBias.data() + offset, kNorm, t));
        for (int64_t h = int64_t{kv} * group * s.headDim; h < (kv + 1) * int64_t{group} * s.headDim; h += s.headDim) {
          const float *const query = results.q.data() + at * width + h;
          widen(worst.q, query, rotated(q.data() + at * width + h, qBias.data() + h, qNorm, t));
          const std::vector<double> y = attend(query, scale(), keys, values);
          widen(worst.y, results.y.data() + at * width + h, spread ? hadamard(y) : y);
        }
      }
    }
  }
  return worst;
}

}  // namespace gatun::test
