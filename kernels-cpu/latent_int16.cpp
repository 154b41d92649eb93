// latent_int16.cpp: attention to a page of latents in 16-bit integers with a scale each.
//
// R1, a page of 32 tokens and 128 heads, F16: 37 KB of cache for 8.9 million operations, 242 a byte, where a Zen 4 core
// has more than 30 a byte that it reads: arithmetic is the limit. Products of pairs of int16 (VNNI: vpdpwssd, else
// vpmaddwd and vpaddd) have half the rate of int8 and twice that of an fma. A page takes 139,264 of 512 bits, one a
// cycle, which is three quarters of its time. Beside them: rounding the page, 8 %; softmax and rounding of the
// probabilities, 5 %; sums, 256 KiB that come and go in the second-level cache, once a page, 5 %; fetching the next
// page, 2 %.
//
// Rounding. A vector (the latent of a token or of a head's query, or the rest of it) gets integers of at most 32767
// with a norm of at most 46300, so that a dot product stays below 2^31 (Cauchy-Schwarz) and is exact. Of a score the
// roundings move 9e-6 of the product of the norms (standard deviation), about as much as those of a float16 cache.
// Values are the integers of the keys; a probability times the value's scale gets integers for which the page's sums
// stay below 2^31. int8 is no choice: see docs/decisions.md.
//
// What a vector's integers are depends on it alone, sums of a page are exact and everything else has one order, so bits
// depend on no tiling, thread or instruction set.
#include "latent_kernel.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

// Rows and vectors of heads whose sums are in registers.
#if defined(__AVX512F__)
constexpr int scoreVectors = 2, scoreRows = 8, valueVectors = 4, valueRows = 4;
#else
constexpr int scoreVectors = 1, scoreRows = 4, valueVectors = 1, valueRows = 4;
#endif

constexpr float mostInt = 32767;
constexpr float mostNorm = 46300;             // rounding adds sqrt(608) / 2, and the square stays below 2^31
constexpr float mostSum = 0x1p31f - 0x1p20f;  // rounding adds 32 * 32767 / 2
constexpr float least = 1e-30f;               // lesser magnitudes are rounded as if this were the greatest
constexpr float headroom = 8;                 // a score may be so far above the reference: e^8 is nothing to float32

constexpr int64_t pageTokens = GK_PAGE_TOKENS;
static_assert(scoreRows % 2 == 0 && pageTokens % scoreRows == 0);

// Two neighbours of a vector, as one lane.
using Pair = int32_t;

struct Room {
  Pair *q;           // (lanes / 16, dim / 2, 16)
  float *qScales;    // (2, lanes): of the latent and of the rest
  float *row;        // (dim)
  uint16_t *keys;    // (pageTokens, dim)
  float *keyScales;  // (pageTokens, 2)
  float *most;       // (pageTokens): greatest magnitude of a value's integers
  Pair *values;      // (latent / 16, pageTokens / 2, 16): of two tokens
  float *scores;     // (pageTokens, lanes), then probabilities
  Pair *weights;     // (pageTokens / 2, lanes): probabilities times a value's scale
  float *factor;     // (lanes): what a page's new reference scales the sums before it by
  float *unit;       // (lanes): of weights
  bool rescales;     // whether a factor is not 1
};

Room layOut(const LatentShape &s, LatentRoom &memory) {
  Room r;
  r.q = memory.take<Pair>(s.dim / 2 * s.lanes);
  r.qScales = memory.take<float>(2 * s.lanes);
  r.row = memory.take<float>(s.dim);
  r.keys = memory.take<uint16_t>(pageTokens * s.dim);
  r.keyScales = memory.take<float>(pageTokens * 2);
  r.most = memory.take<float>(pageTokens);
  r.values = memory.take<Pair>(pageTokens / 2 * s.latent);
  r.scores = memory.take<float>(pageTokens * s.lanes);
  r.weights = memory.take<Pair>(pageTokens / 2 * s.lanes);
  r.factor = memory.take<float>(s.lanes);
  r.unit = memory.take<float>(s.lanes);
  r.rescales = false;
  return r;
}

Room roomAt(const LatentShape &s, char *room) {
  LatentRoom memory(room);
  return layOut(s, memory);
}

int64_t roomBytes(const LatentShape &s) {
  LatentRoom memory(nullptr);
  layOut(s, memory);
  return memory.bytes();
}

struct Rounded {
  float scale;
  float most;  // the greatest magnitude of the integers
};

struct Extent {
  float greatest;  // magnitude; what is not a number is not seen
  float squares;   // their sum
};

// Of x * scale; four vectors side by side, lest each sum wait for itself.
Extent extentOf(const float *x, int64_t n, float scale) {
  F32x16 top[4] = {zero(), zero(), zero(), zero()}, sums[4] = {zero(), zero(), zero(), zero()};
  const auto take = [&](int i, int64_t d) {
    const F32x16 a = load(x + d) * splat(scale);
    top[i] = max(top[i], abs(a));
    sums[i] = fma(a, a, sums[i]);
  };
  int64_t d = 0;
  for (; d + 64 <= n; d += 64) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      take(i, d + 16 * i);
    }
  }
  for (; d < n; d += 16) {
    take(0, d);
  }
  return {maxOf(max(max(top[0], top[1]), max(top[2], top[3]))), sum((sums[0] + sums[1]) + (sums[2] + sums[3]))};
}

// to = x / scale, integers of at most 32767 with a norm of at most 46300. What is not a number shows in the scale.
Rounded round(const float *x, int64_t n, uint16_t *to) {
  const Extent all = extentOf(x, n, 1);
  const float greatest = all.greatest > least ? all.greatest : least;
  const float norm = all.squares > 1e-30f && all.squares < 1e36f  // else the squares may have left float32's range
                         ? __builtin_sqrtf(all.squares)
                         : __builtin_sqrtf(extentOf(x, n, 1 / greatest).squares) * greatest;
  const float byGreatest = mostInt / greatest, byNorm = mostNorm / norm;
  const float times = byGreatest < byNorm ? byGreatest : byNorm;
  for (int64_t d = 0; d < n; d += 16) {
    const F32x16 a = max(splat(-mostInt), min(splat(mostInt), load(x + d) * splat(times)));
    storeU16(to + d, toInt(a));
  }
  return {1.0f / times, all.greatest * times + 1};
}

void loadQueries(const LatentShape &s, const float *queries, int64_t heads, float scale, char *room) {
  const Room r = roomAt(s, room);
  for (int64_t lane = 0; lane < s.lanes; ++lane) {
    float *const row = r.row;
    for (int64_t d = 0; d < s.dim; d += 16) {
      store(row + d, lane < heads ? load(queries + lane * s.dim + d) * splat(scale) : zero());
    }
    r.qScales[lane] = round(row, s.latent, r.keys).scale;
    r.qScales[s.lanes + lane] = round(row + s.latent, s.dim - s.latent, r.keys + s.latent).scale;
    for (int64_t d = 0; d < s.dim; d += 2) {
      Pair pair;
      __builtin_memcpy(&pair, r.keys + d, sizeof pair);
      r.q[(lane / 16 * s.dim + d) * 8 + lane % 16] = pair;
    }
  }
}

// Keys and values of the first `count` tokens.
void roundPage(const LatentShape &s, const Room &r, const Plane &page, int64_t count) {
  withValues(page, [&](const auto &reader) {
    constexpr int vectors = std::remove_cvref_t<decltype(reader)>::leastVectors;
    for (int64_t t = 0; t < count; ++t) {
      for (int64_t d = 0; d < s.dim; d += 16 * vectors) {
        F32x16 x[vectors];
        loadValues(reader, t, d, x);
        for (int v = 0; v < vectors; ++v) {
          store(r.row + d + 16 * v, x[v]);
        }
      }
      uint16_t *const to = r.keys + t * s.dim;
      const Rounded latent = round(r.row, s.latent, to);
      r.keyScales[2 * t] = latent.scale;
      r.most[t] = latent.most;
      r.keyScales[2 * t + 1] = round(r.row + s.latent, s.dim - s.latent, to + s.latent).scale;
    }
  });
  for (int64_t t = count; t % scoreRows != 0; ++t) {  // what fills the last group
    __builtin_memset(r.keys + t * s.dim, 0, static_cast<size_t>(s.dim) * sizeof(uint16_t));
    r.keyScales[2 * t] = r.keyScales[2 * t + 1] = 0;
  }
  for (int64_t t = 0; t < count; t += 2) {
    const uint16_t *const first = r.keys + t * s.dim;
    for (int64_t d = 0; d < s.latent; d += 16) {
      const I32x16 pairs = loadU16(first + d) | shiftLeft<16>(loadU16(first + s.dim + d));
      store(r.values + (d / 16 * (pageTokens / 2) + t / 2) * 16, pairs);
    }
  }
}

// acc (N, V vectors) = keys (N, n pairs) * q (V vectors, n pairs); a vector's pairs are `next` after those of the one
// before.
template <int N, int V>
inline __attribute__((always_inline)) void dotRows(const uint16_t *keys, int64_t stride, int64_t n, const Pair *q,
                                                   int64_t next, I32x16 (&acc)[N][V]) {
#pragma GCC unroll 8
  for (int i = 0; i < N; ++i) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      acc[i][v] = splat(int32_t{0});
    }
  }
#pragma GCC unroll 4  // gcc copies every sum once a round, which AVX2 has no time for
  for (int64_t d = 0; d < n; ++d) {
    I32x16 x[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      x[v] = load(q + 16 * d + next * v);
    }
#pragma GCC unroll 8
    for (int i = 0; i < N; ++i) {
      const I32x16 key = splatPair(keys + i * stride + 2 * d);
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) {
        acc[i][v] = dotPairs(acc[i][v], x[v], key);
      }
    }
  }
}

// scores (N, V vectors) of N tokens
template <int N, int V>
void scoresOf(const LatentShape &s, const uint16_t *keys, const float *keyScales, const Pair *q, const float *qScales,
              float *scores) {
  I32x16 acc[N][V];
  dotRows<N, V>(keys, s.dim, s.latent / 2, q, 8 * s.dim, acc);
#pragma GCC unroll 8
  for (int i = 0; i < N; ++i) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      store(scores + i * s.lanes + 16 * v, toFloat(acc[i][v]) * (splat(keyScales[2 * i]) * load(qScales + 16 * v)));
    }
  }
  dotRows<N, V>(keys + s.latent, s.dim, (s.dim - s.latent) / 2, q + 8 * s.latent, 8 * s.dim, acc);
#pragma GCC unroll 8
  for (int i = 0; i < N; ++i) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      float *const at = scores + i * s.lanes + 16 * v;
      const F32x16 scale = splat(keyScales[2 * i + 1]) * load(qScales + s.lanes + 16 * v);
      store(at, fma(toFloat(acc[i][v]), scale, load(at)));
    }
  }
}

// Scores (count, lanes), of 16 heads, become e^(score - reference); reference and total are of these heads. Returns
// what that makes of the sums before, which is 1 but where a score is far above those before it.
F32x16 softmaxStep(float *scores, int64_t lanes, int64_t count, float *reference, float *total) {
  const F32x16 before = load(reference);
  F32x16 top = load(scores);
  for (int64_t t = 1; t < count; ++t) {
    top = max(top, load(scores + t * lanes));
  }
  const F32x16 limit = before + splat(headroom);
  const F32x16 after = selectLess(limit, top, top, before);
  const F32x16 factor = selectLess(limit, top, exp(before - top), splat(1.0f));
  F32x16 sums = load(total) * factor;
  for (int64_t t = 0; t < count; ++t) {
    const F32x16 p = exp(load(scores + t * lanes) - after);
    store(scores + t * lanes, p);
    sums = sums + p;
  }
  store(reference, after);
  store(total, sums);
  return factor;
}

// Probabilities of 16 heads times the scales of the values, as integers.
void roundWeights(const LatentShape &s, const Room &r, int64_t lane, int64_t count) {
  F32x16 top = splat(least * mostInt), bound = zero();
  for (int64_t t = 0; t < count; ++t) {
    float *const at = r.scores + t * s.lanes + lane;
    const F32x16 weight = load(at) * splat(r.keyScales[2 * t]);
    store(at, weight);
    top = max(top, weight);
    bound = fma(weight, splat(r.most[t]), bound);
  }
  const F32x16 unit = max(top / splat(mostInt), bound / splat(mostSum));
  const F32x16 times = splat(1.0f) / unit;
  store(r.unit + lane, unit);
  const auto integer = [&](int64_t t) {
    return toInt(max(zero(), min(splat(mostInt), load(r.scores + t * s.lanes + lane) * times)));
  };
  for (int64_t t = 0; t < count; t += 2) {
    const I32x16 second = t + 1 < count ? integer(t + 1) : splat(int32_t{0});
    store(r.weights + t / 2 * s.lanes + lane, integer(t) | shiftLeft<16>(second));
  }
}

// sums (N elements, V vectors) = sums * factor + values (count, N elements)^T * weights (count, V vectors)
template <int N, int V, bool Rescales>
void addValues(const Pair *values, const Pair *weights, const float *factor, const float *unit, int64_t lanes,
               int64_t pairs, float *sums) {
  I32x16 acc[N][V];
#pragma GCC unroll 8
  for (int n = 0; n < N; ++n) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      acc[n][v] = splat(int32_t{0});
    }
  }
#pragma GCC unroll 4
  for (int64_t t = 0; t < pairs; ++t) {
    I32x16 p[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      p[v] = load(weights + t * lanes + 16 * v);
    }
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) {
      const I32x16 value = splat(values[t * 16 + n]);
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) {
        acc[n][v] = dotPairs(acc[n][v], p[v], value);
      }
    }
  }
#pragma GCC unroll 8
  for (int n = 0; n < N; ++n) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      float *const at = sums + n * lanes + 16 * v;
      const F32x16 before = Rescales ? load(at) * load(factor + 16 * v) : load(at);
      store(at, fma(toFloat(acc[n][v]), load(unit + 16 * v), before));
    }
  }
}

// All scores, group by group of tokens, whose keys stay in the first-level cache.
template <int V>
void scorePage(const LatentShape &s, const Room &r, int64_t count) {
  for (int64_t t = 0; t < count; t += scoreRows) {
    for (int64_t lane = 0; lane < s.lanes; lane += 16 * V) {
      scoresOf<scoreRows, V>(s, r.keys + t * s.dim, r.keyScales + 2 * t, r.q + lane / 2 * s.dim, r.qScales + lane,
                             r.scores + t * s.lanes + lane);
    }
  }
}

template <int V>
void addPage(const LatentShape &s, const Room &r, int64_t count, const uint8_t *next, int64_t nextBytes, float *sums) {
  const int64_t ahead = nextBytes * valueRows / s.latent;
  for (int64_t d = 0; d < s.latent; d += valueRows) {
    for (int64_t i = 0; next != nullptr && i < ahead; i += GK_ALIGNMENT) {
      __builtin_prefetch(next + d / valueRows * ahead + i, 0, 2);
    }
    const Pair *const values = r.values + d / 16 * (pageTokens / 2) * 16 + d % 16;
    for (int64_t lane = 0; lane < s.lanes; lane += 16 * V) {
      const auto add = r.rescales ? addValues<valueRows, V, true> : addValues<valueRows, V, false>;
      add(values, r.weights + lane, r.factor + lane, r.unit + lane, s.lanes, (count + 1) / 2,
          sums + d * s.lanes + lane);
    }
  }
}

void attend(const LatentShape &s, const Plane &latents, int64_t count, const uint8_t *next, char *room, float *sums) {
  Room r = roomAt(s, room);
  roundPage(s, r, latents, count);
  (s.lanes % (16 * scoreVectors) == 0 ? scorePage<scoreVectors> : scorePage<1>)(s, r, count);
  float *const reference = sums + s.latent * s.lanes, *const total = reference + s.lanes;
  for (int64_t lane = 0; lane < s.lanes; lane += 16) {
    const F32x16 factor = softmaxStep(r.scores + lane, s.lanes, count, reference + lane, total + lane);
    store(r.factor + lane, factor);
    r.rescales |= !(maxOf(splat(1.0f) - factor) <= 0);
    roundWeights(s, r, lane, count);
  }
  (s.lanes % (16 * valueVectors) == 0 ? addPage<valueVectors> : addPage<1>)(s, r, count, next,
                                                                            cacheCodeBytes(latents.dtype, s.dim), sums);
}

}  // namespace

LatentKernel latentInt16() { return {roomBytes, loadQueries, attend, 128}; }

}  // namespace gatun::cpu::GK_ISA
