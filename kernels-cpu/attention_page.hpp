// attention_page.hpp: attention of a tile of queries to one page of keys and values: scores, softmax, weighted values.
//
// Per query and page 4 * GK_PAGE_TOKENS * head_dim operations, and an exponential a position. A block of queries
// shares every load of a key or value; which queries share a block changes no bit, since a query's lanes are positions
// (scores) or elements of the head (values), and both add up in ascending order.
#pragma once

#include "cache_load.hpp"
#include "simd.hpp"

namespace gatun::cpu::GK_ISA {

#if defined(__AVX512F__)  // as many queries as leave the keys or values of a step in registers
constexpr int scoreBlock = 6, valueBlock = 6, valueVectors = 4;
#else
constexpr int scoreBlock = 2, valueBlock = 2, valueVectors = 2;
#endif
constexpr int64_t pageTokens = GK_PAGE_TOKENS;

// The state of a tile's queries: row r of each array.
struct Queries {
  float *q;        // (n, dim) scaled
  float *scores;   // (n, pageTokens), then probabilities
  float *factor;   // (n) what a page's new maximum scales the sums before it by
  float *highest;  // (n) the largest score so far
  float *total;    // (n) sum of exp(score - highest)
  float *values;   // (n, dim) sum of exp(score - highest) * value
  int64_t dim;
};

static const float lanes[pageTokens] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                        16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

// scores (N, 32) = q (N, dim) * keys (dim, 32)
template <int N, class Keys>
static inline void scoresOf(const float *q, const Keys &keys, float *scores) {
  F32x16 low[N], high[N];
#pragma GCC unroll 8
  for (int r = 0; r < N; ++r) {
    low[r] = zero();
    high[r] = zero();
  }
  eachKey(keys, [&](int64_t d, F32x16 a, F32x16 b) __attribute__((always_inline)) {
#pragma GCC unroll 8
    for (int r = 0; r < N; ++r) {
      const F32x16 x = splat(q[r * keys.dim + d]);
      low[r] = fma(x, a, low[r]);
      high[r] = fma(x, b, high[r]);
    }
  });
#pragma GCC unroll 8
  for (int r = 0; r < N; ++r) {
    store(scores + r * pageTokens, low[r]);
    store(scores + r * pageTokens + 16, high[r]);
  }
}

template <int N, class Keys>
static inline void scoresOfRest(int64_t n, const float *q, const Keys &keys, float *scores) {
  if constexpr (N > 0) {
    if (n == N) {
      scoresOf<N>(q, keys, scores);
    } else {
      scoresOfRest<N - 1>(n, q, keys, scores);
    }
  }
}

// sums (N, 16 V of dim columns) = sums * factor + probabilities (N, count) * values (count, 16 V columns from d)
template <int N, int V, class Values>
static inline void addValues(const float *probabilities, const float *factor, const Values &values, int64_t d,
                             int64_t count, float *sums) {
  F32x16 acc[N][V];
#pragma GCC unroll 8
  for (int r = 0; r < N; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      acc[r][v] = load(sums + r * values.dim + d + 16 * v) * splat(factor[r]);
    }
  }
  for (int64_t j = 0; j < count; ++j) {
    F32x16 x[V];
    loadValues(values, j, d, x);
#pragma GCC unroll 8
    for (int r = 0; r < N; ++r) {
      const F32x16 p = splat(probabilities[r * pageTokens + j]);
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) {
        acc[r][v] = fma(p, x[v], acc[r][v]);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < N; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      store(sums + r * values.dim + d + 16 * v, acc[r][v]);
    }
  }
}

template <int N, class Values>
static inline void addAllValues(const float *probabilities, const float *factor, const Values &values, int64_t count,
                                float *sums) {
  int64_t d = 0;
  for (; d + 16 * valueVectors <= values.dim; d += 16 * valueVectors) {
    addValues<N, valueVectors>(probabilities, factor, values, d, count, sums);
  }
  for (; d < values.dim; d += 16 * Values::leastVectors) {
    addValues<N, Values::leastVectors>(probabilities, factor, values, d, count, sums);
  }
}

template <int N, class Values>
static inline void addValuesOfRest(int64_t n, const float *probabilities, const float *factor, const Values &values,
                                   int64_t count, float *sums) {
  if constexpr (N > 0) {
    if (n == N) {
      addAllValues<N>(probabilities, factor, values, count, sums);
    } else {
      addValuesOfRest<N - 1>(n, probabilities, factor, values, count, sums);
    }
  }
}

static inline float expOf(float x) {
  float e;
  store(&e, exp(splat(x)), 1);
  return e;
}

// Row r's scores of the first `count` positions become probabilities relative to the largest score so far; of the
// others, 0.
static inline void softmaxStep(const Queries &t, int64_t r, int64_t count) {
  float *const s = t.scores + r * pageTokens;
  F32x16 a = load(s), b = load(s + 16);
  if (count < pageTokens) {
    const F32x16 end = splat(static_cast<float>(count)), never = splat(-__builtin_inff());
    a = selectLess(load(lanes), end, a, never);
    b = selectLess(load(lanes + 16), end, b, never);
  }
  const float top = maxOf(max(a, b));
  const float before = t.highest[r];
  const float highest = top > before ? top : before;
  const F32x16 shift = splat(highest);
  a = exp(a - shift);
  b = exp(b - shift);
  store(s, a);
  store(s + 16, b);
  t.factor[r] = highest == before ? 1.0f : expOf(before - highest);
  t.total[r] = t.total[r] * t.factor[r] + sum(a + b);
  t.highest[r] = highest;
}

// The scores of queries `begin` to `end`.
template <class Keys>
static inline void scoresOfAll(const Queries &t, int64_t begin, int64_t end, const Keys &keys) {
  int64_t r = begin;
  for (; r + scoreBlock <= end; r += scoreBlock) {
    scoresOf<scoreBlock>(t.q + r * t.dim, keys, t.scores + r * pageTokens);
  }
  scoresOfRest<scoreBlock - 1>(end - r, t.q + r * t.dim, keys, t.scores + r * pageTokens);
}

// Adds the values by their probabilities to the sums of queries `begin` to `end`.
template <class Values>
static inline void addToAll(const Queries &t, int64_t begin, int64_t end, int64_t count, const Values &values) {
  int64_t r = begin;
  for (; r + valueBlock <= end; r += valueBlock) {
    addAllValues<valueBlock>(t.scores + r * pageTokens, t.factor + r, values, count, t.values + r * t.dim);
  }
  addValuesOfRest<valueBlock - 1>(end - r, t.scores + r * pageTokens, t.factor + r, values, count,
                                  t.values + r * t.dim);
}

// Queries `begin` to `end` see the first `count` positions of the page; what lies after them is not looked at.
static inline void attendPage(const Queries &t, int64_t begin, int64_t end, int64_t count, const Plane &keyPlane,
                              const Plane &valuePlane) {
  withKeys(keyPlane, [&](const auto &keys) { scoresOfAll(t, begin, end, keys); });
  for (int64_t r = begin; r < end; ++r) {
    softmaxStep(t, r, count);
  }
  withValues(valuePlane, [&](const auto &values) { addToAll(t, begin, end, count, values); });
}

}  // namespace gatun::cpu::GK_ISA
