// latent_fp32.cpp: attention to a page of latents in float32, whatever the cache's type.
//
// Heads are the lanes, so a key's or a value's element is broadcast to all of them, and no sum crosses lanes.
// Operations: 4 a head, cached token and element, of which R1 has 576 of a key and 512 of a value: an fma for 16 heads
// each, which is the limit: a quarter of what int8 has. Measured on Zen 4: 85 to 87 % of it.
#include "latent_kernel.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int stepVectors = 4, steps = 4;
#else
constexpr int stepVectors = 1, steps = 4;
#endif

struct Room {
  float *q;       // (dim, lanes), scaled
  float *page;    // (GK_PAGE_TOKENS, dim)
  float *scores;  // (GK_PAGE_TOKENS, lanes), then probabilities
  float *factor;  // (lanes): what a page's new maximum scales the sums before it by
};

Room layOut(const LatentShape &s, LatentRoom &memory) {
  Room r;
  r.q = memory.take<float>(s.dim * s.lanes);
  r.page = memory.take<float>(GK_PAGE_TOKENS * s.dim);
  r.scores = memory.take<float>(GK_PAGE_TOKENS * s.lanes);
  r.factor = memory.take<float>(s.lanes);
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

void loadQueries(const LatentShape &s, const float *queries, int64_t heads, float scale, char *room) {
  float *const q = roomAt(s, room).q;
  for (int64_t lane = 0; lane < s.lanes; ++lane) {
    const float *const from = queries + lane * s.dim;
    for (int64_t d = 0; d < s.dim; ++d) {
      q[d * s.lanes + lane] = lane < heads ? from[d] * scale : 0;
    }
  }
}

// scores (N, V vectors) = page (N, dim) * q (dim, V vectors)
template <int N, int V>
void scoresOf(const float *page, int64_t dim, const float *q, int64_t lanes, float *scores) {
  F32x16 acc[N][V];
#pragma GCC unroll 8
  for (int n = 0; n < N; ++n) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      acc[n][v] = zero();
    }
  }
  for (int64_t d = 0; d < dim; ++d) {
    F32x16 x[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      x[v] = load(q + d * lanes + 16 * v);
    }
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) {
      const F32x16 key = splat(page[n * dim + d]);
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) {
        acc[n][v] = fma(key, x[v], acc[n][v]);
      }
    }
  }
#pragma GCC unroll 8
  for (int n = 0; n < N; ++n) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      store(scores + n * lanes + 16 * v, acc[n][v]);
    }
  }
}

// values (N elements, V vectors) = values * factor + page (count, N elements)^T * probabilities (count, V vectors)
template <int N, int V>
void addValues(const float *page, int64_t dim, const float *probabilities, const float *factor, int64_t lanes,
               int64_t count, float *values) {
  F32x16 acc[N][V];
#pragma GCC unroll 8
  for (int n = 0; n < N; ++n) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      acc[n][v] = load(values + n * lanes + 16 * v) * load(factor + 16 * v);
    }
  }
  for (int64_t t = 0; t < count; ++t) {
    F32x16 p[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      p[v] = load(probabilities + t * lanes + 16 * v);
    }
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) {
      const F32x16 value = splat(page[t * dim + n]);
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) {
        acc[n][v] = fma(value, p[v], acc[n][v]);
      }
    }
  }
#pragma GCC unroll 8
  for (int n = 0; n < N; ++n) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      store(values + n * lanes + 16 * v, acc[n][v]);
    }
  }
}

// Scores (count, lanes), of 16 heads, become probabilities relative to the greatest so far; highest and total are of
// these heads. Returns what that makes of the sums before.
F32x16 softmaxStep(float *scores, int64_t lanes, int64_t count, float *highest, float *total) {
  const F32x16 before = load(highest);
  F32x16 top = before;
  for (int64_t t = 0; t < count; ++t) {
    top = max(top, load(scores + t * lanes));
  }
  const F32x16 factor = selectLess(before, top, exp(before - top), splat(1.0f));
  F32x16 sums = load(total) * factor;
  for (int64_t t = 0; t < count; ++t) {
    const F32x16 p = exp(load(scores + t * lanes) - top);
    store(scores + t * lanes, p);
    sums = sums + p;
  }
  store(highest, top);
  store(total, sums);
  return factor;
}

template <int V>
void attendPage(const LatentShape &s, const Room &r, const float *page, int64_t count, float *sums) {
  float *const highest = sums + s.latent * s.lanes, *const total = highest + s.lanes;
  for (int64_t lane = 0; lane < s.lanes; lane += 16 * V) {
    int64_t t = 0;
    for (; t + steps <= count; t += steps) {
      scoresOf<steps, V>(page + t * s.dim, s.dim, r.q + lane, s.lanes, r.scores + t * s.lanes + lane);
    }
    for (; t < count; ++t) {
      scoresOf<1, V>(page + t * s.dim, s.dim, r.q + lane, s.lanes, r.scores + t * s.lanes + lane);
    }
    for (int64_t v = lane; v < lane + 16 * V; v += 16) {
      store(r.factor + v, softmaxStep(r.scores + v, s.lanes, count, highest + v, total + v));
    }
    for (int64_t d = 0; d < s.latent; d += steps) {
      addValues<steps, V>(page + d, s.dim, r.scores + lane, r.factor + lane, s.lanes, count, sums + d * s.lanes + lane);
    }
  }
}

void attend(const LatentShape &s, const Plane &latents, int64_t count, const uint8_t *, char *room, float *sums) {
  const Room r = roomAt(s, room);
  const Plane plane = widenValues(latents, count, r.page);
  const auto *const page = reinterpret_cast<const float *>(plane.data);
  if (stepVectors > 1 && s.lanes % (16 * stepVectors) == 0) {
    attendPage<stepVectors>(s, r, page, count, sums);
  } else {
    attendPage<1>(s, r, page, count, sums);
  }
}

}  // namespace

LatentKernel latentFp32() { return {roomBytes, loadQueries, attend, 64}; }

}  // namespace gatun::cpu::GK_ISA
