// latent_attention.cpp: Attention over a latent cache: all heads of a token read one key and its first elements, the
// value.
//
// Bytes moved: a token reads its whole context once for each block of heads, context * head_dim of the cache's type.
// Operations: 2 * context * (head_dim + latent) a head, so that with 128 heads arithmetic is the limit: 242 operations
// a byte of a 16-bit cache. A page is widened to float32 once for a block of heads; heads are the lanes, so a key's or
// a value's element is broadcast to all of them, and no sum crosses lanes.
//
// What is computed, whatever the blocks and threads: scores add up by ascending element, a context is cut at multiples
// of splitTokens, a split's pages are added in ascending order with the running maximum of the scores, and the splits
// are merged in ascending order. So a head's result depends on nothing but its query and the latents before it.
#include "latent_attention.hpp"

#include "cache_load.hpp"
#include "simd.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

constexpr int64_t splitTokens = 16 * GK_PAGE_TOKENS;
constexpr int64_t pageTokens = GK_PAGE_TOKENS;
#if defined(__AVX512F__)
constexpr int64_t blockVectors = 4;  // heads of a task, in vectors: as many as share a register block
constexpr int stepVectors = 4, steps = 4;
#else
constexpr int64_t blockVectors = 4;
constexpr int stepVectors = 1, steps = 4;
#endif

struct Attention {
  Pool &pool;
  const gk_batch &batch;
  const gk_tensor &q;
  const gk_cache &cache;
  const gk_tensor &y;
  float scale;
  int64_t heads;
  int64_t lanes;   // heads of a block, a multiple of 16
  int64_t blocks;  // of a token
  int64_t tokens;  // without padding
  int32_t *token;  // (tokens): row of the batch
  int64_t *first;  // (tokens): its first partial, or -1: one task a block
  int64_t tasks;
  struct Task *task;
  float *partials;  // (partials, (latent + 2), lanes)
};

struct Task {
  int32_t token, block;  // token: of Attention::token
  int64_t split;         // -1: all
};

// A block's heads: lane h of each vector.
struct Block {
  float *q;       // (head_dim, lanes), scaled
  float *page;    // (pageTokens, head_dim)
  float *scores;  // (pageTokens, lanes), then probabilities
  float *factor;  // (lanes): what a page's new maximum scales the sums before it by
  float *values;  // (latent, lanes): sums of one split, then highest and total (lanes) each
  float *all;     // the same of all splits
};

int64_t splitsOf(const Attention &a, int64_t t) { return a.batch.position[a.token[t]] / splitTokens + 1; }

int64_t partialFloats(const Attention &a) { return (a.cache.latent + 2) * a.lanes; }

Block block(const Attention &a, int thread) {
  const int64_t dim = a.cache.head_dim, partial = partialFloats(a);
  const int64_t floats = dim * a.lanes + pageTokens * dim + (pageTokens + 1) * a.lanes + 2 * partial;
  auto *const q = static_cast<float *>(a.pool.scratch(thread, floats * int64_t{sizeof(float)}));
  Block b;
  b.q = q;
  b.page = b.q + dim * a.lanes;
  b.scores = b.page + pageTokens * dim;
  b.factor = b.scores + pageTokens * a.lanes;
  b.values = b.factor + a.lanes;
  b.all = b.values + partial;
  return b;
}

// Lanes past the last head are 0.
void loadQueries(const Attention &a, const Task &task, float *q) {
  const int64_t dim = a.cache.head_dim, firstHead = task.block * a.lanes;
  const float *const row = static_cast<const float *>(a.q.data) + a.token[task.token] * a.q.stride;
  for (int64_t lane = 0; lane < a.lanes; ++lane) {
    const bool there = firstHead + lane < a.heads;
    const float *const from = row + (firstHead + lane) * dim;
    for (int64_t d = 0; d < dim; ++d) {
      q[d * a.lanes + lane] = there ? from[d] * a.scale : 0;
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

// Scores become probabilities relative to the largest so far; highest and total are (lanes) each.
void softmaxStep(const Block &b, int64_t lane, int64_t lanes, int64_t count, float *highest, float *total) {
  const F32x16 before = load(highest + lane);
  F32x16 top = before;
  for (int64_t t = 0; t < count; ++t) {
    top = max(top, load(b.scores + t * lanes + lane));
  }
  const F32x16 factor = selectLess(before, top, exp(before - top), splat(1.0f));
  F32x16 sums = load(total + lane) * factor;
  for (int64_t t = 0; t < count; ++t) {
    const F32x16 p = exp(load(b.scores + t * lanes + lane) - top);
    store(b.scores + t * lanes + lane, p);
    sums = sums + p;
  }
  store(b.factor + lane, factor);
  store(highest + lane, top);
  store(total + lane, sums);
}

// All heads of the block see the first `count` latents of the page.
template <int V>
void attendPage(const Attention &a, const Block &b, const float *page, int64_t count) {
  const int64_t dim = a.cache.head_dim, latent = a.cache.latent, lanes = a.lanes;
  float *const highest = b.values + latent * lanes, *const total = highest + lanes;
  for (int64_t lane = 0; lane < lanes; lane += 16 * V) {
    int64_t t = 0;
    for (; t + steps <= count; t += steps) {
      scoresOf<steps, V>(page + t * dim, dim, b.q + lane, lanes, b.scores + t * lanes + lane);
    }
    for (; t < count; ++t) {
      scoresOf<1, V>(page + t * dim, dim, b.q + lane, lanes, b.scores + t * lanes + lane);
    }
    for (int v = 0; v < V; ++v) {
      softmaxStep(b, lane + 16 * v, lanes, count, highest, total);
    }
    for (int64_t d = 0; d < latent; d += steps) {
      addValues<steps, V>(page + d, dim, b.scores + lane, b.factor + lane, lanes, count, b.values + d * lanes + lane);
    }
  }
}

void attendPage(const Attention &a, const Block &b, const float *page, int64_t count) {
  if constexpr (stepVectors > 1) {
    if (a.lanes % (16 * stepVectors) == 0) {
      return attendPage<stepVectors>(a, b, page, count);
    }
  }
  attendPage<1>(a, b, page, count);
}

// One split of a token into b.values.
void attendSplit(const Attention &a, const Block &b, int32_t token, int64_t split) {
  const int64_t latent = a.cache.latent, pageBytes = cachePageBytesOf(a.cache);
  __builtin_memset(b.values, 0, static_cast<size_t>(partialFloats(a)) * sizeof(float));
  for (int64_t lane = 0; lane < a.lanes; ++lane) {
    b.values[latent * a.lanes + lane] = -__builtin_inff();
  }
  const int64_t past = a.batch.position[token] + int64_t{1};
  const int64_t end = past < (split + 1) * splitTokens ? past : (split + 1) * splitTokens;
  const int32_t *const pages = a.batch.page_table + int64_t{a.batch.sequence[token]} * a.batch.max_pages;
  for (int64_t start = split * splitTokens; start < end; start += pageTokens) {
    const int64_t count = end - start < pageTokens ? end - start : pageTokens;
    const uint8_t *const data = static_cast<const uint8_t *>(a.cache.pages) + pages[start / pageTokens] * pageBytes;
    const Plane plane = widenValues({a.cache.key_dtype, data, a.cache.head_dim}, count, b.page);
    attendPage(a, b, reinterpret_cast<const float *>(plane.data), count);
  }
}

// Adds a split's sums to those before it.
void merge(const Attention &a, float *all, const float *part) {
  const int64_t latent = a.cache.latent, lanes = a.lanes;
  float *const highest = all + latent * lanes, *const total = highest + lanes;
  for (int64_t lane = 0; lane < lanes; lane += 16) {
    const F32x16 before = load(highest + lane), after = load(part + latent * lanes + lane);
    const F32x16 top = max(after, before);
    const F32x16 old = exp(before - top), fresh = exp(after - top);
    for (int64_t d = 0; d < latent; ++d) {
      float *const at = all + d * lanes + lane;
      store(at, fma(load(part + d * lanes + lane), fresh, load(at) * old));
    }
    store(highest + lane, top);
    store(total + lane, load(total + lane) * old + load(part + (latent + 1) * lanes + lane) * fresh);
  }
}

void writeResult(const Attention &a, const Task &task, const float *all) {
  const int64_t latent = a.cache.latent, firstHead = task.block * a.lanes;
  float *const row = static_cast<float *>(a.y.data) + a.token[task.token] * a.y.stride;
  const float *const total = all + (latent + 1) * a.lanes;
  for (int64_t lane = 0; lane < a.lanes && firstHead + lane < a.heads; ++lane) {
    float *const to = row + (firstHead + lane) * latent;
    for (int64_t d = 0; d < latent; ++d) {
      to[d] = all[d * a.lanes + lane] / total[lane];
    }
  }
}

// Where a token's block and split keeps its sums.
float *partialOf(const Attention &a, const Task &task, int64_t split) {
  return a.partials + (a.first[task.token] + task.block * splitsOf(a, task.token) + split) * partialFloats(a);
}

void runTask(const Attention &a, const Task &task, int thread) {
  Block b = block(a, thread);
  const int32_t token = a.token[task.token];
  loadQueries(a, task, b.q);
  if (task.split >= 0) {
    b.values = partialOf(a, task, task.split);
    attendSplit(a, b, token, task.split);
    return;
  }
  for (int64_t split = 0; split < splitsOf(a, task.token); ++split) {
    attendSplit(a, b, token, split);
    if (split == 0) {
      float *const first = b.values;
      b.values = b.all;
      b.all = first;
    } else {
      merge(a, b.all, b.values);
    }
  }
  writeResult(a, task, b.all);
}

int64_t align(int64_t bytes) { return (bytes + 63) / 64 * 64; }

// Whether a thread would be at work on the token's whole context for more than half of its fair share.
bool isLong(const Attention &a, int64_t splits, int64_t all) {
  return a.pool.threads() > 1 && splits > 1 && splits * 2 * a.pool.threads() > all * a.blocks;
}

// Fills in tokens, tasks and the room for partial results.
void plan(Attention &a) {
  int64_t all = 0, tokens = 0;
  for (int64_t t = 0; t < a.batch.tokens; ++t) {
    if (!isPadding(a.batch, t)) {
      all += a.batch.position[t] / splitTokens + 1;
      ++tokens;
    }
  }
  // Few tasks are made more by fewer heads each.
  a.lanes = blockVectors * 16;
  const int64_t vectors = (a.heads + 15) / 16;
  while (a.lanes > 16 && (a.lanes > vectors * 16 || all * ((a.heads + a.lanes - 1) / a.lanes) < a.pool.threads())) {
    a.lanes /= 2;
  }
  a.blocks = (a.heads + a.lanes - 1) / a.lanes;
  int64_t partials = 0, tasks = 0;
  for (int64_t t = 0; t < a.batch.tokens; ++t) {
    if (!isPadding(a.batch, t)) {
      const int64_t splits = a.batch.position[t] / splitTokens + 1;
      const bool divided = isLong(a, splits, all);
      partials += divided ? splits * a.blocks : 0;
      tasks += divided ? splits * a.blocks : a.blocks;
    }
  }
  const int64_t tokenBytes = align(tokens * int64_t{sizeof(int32_t)});
  const int64_t firstBytes = align(tokens * int64_t{sizeof(int64_t)});
  const int64_t taskBytes = align(tasks * int64_t{sizeof(Task)});
  const int64_t partialBytes = partials * partialFloats(a) * int64_t{sizeof(float)};
  char *const memory = static_cast<char *>(a.pool.shared(tokenBytes + firstBytes + taskBytes + partialBytes));
  a.token = reinterpret_cast<int32_t *>(memory);
  a.first = reinterpret_cast<int64_t *>(memory + tokenBytes);
  a.task = reinterpret_cast<Task *>(memory + tokenBytes + firstBytes);
  a.partials = reinterpret_cast<float *>(memory + tokenBytes + firstBytes + taskBytes);
  // The last tokens of a prompt see the longest context: begun first, they leave no thread waiting at the end.
  partials = 0;
  for (int64_t t = a.batch.tokens - 1; t >= 0; --t) {
    if (isPadding(a.batch, t)) {
      continue;
    }
    const auto index = static_cast<int32_t>(a.tokens++);
    a.token[index] = static_cast<int32_t>(t);
    const int64_t splits = splitsOf(a, index);
    const bool divided = isLong(a, splits, all);
    a.first[index] = divided ? partials : -1;
    partials += divided ? splits * a.blocks : 0;
    for (int32_t block = 0; block < a.blocks; ++block) {
      for (int64_t split = 0; split < (divided ? splits : 1); ++split) {
        a.task[a.tasks++] = {index, block, divided ? split : -1};
      }
    }
  }
}

void mergeToken(const Attention &a, int64_t index) {
  const Task task{static_cast<int32_t>(index / a.blocks), static_cast<int32_t>(index % a.blocks), -1};
  if (a.first[task.token] < 0) {
    return;
  }
  float *const all = partialOf(a, task, 0);
  for (int64_t split = 1; split < splitsOf(a, task.token); ++split) {
    merge(a, all, partialOf(a, task, split));
  }
  writeResult(a, task, all);
}

}  // namespace

void attendLatents(Pool &pool, const gk_batch &batch, const gk_tensor &q, const gk_cache &cache, float scale,
                   const gk_tensor &y) {
  Attention a{pool, batch, q, cache, y, scale, q.cols / cache.head_dim, 0, 0, 0, nullptr, nullptr, 0, nullptr, nullptr};
  plan(a);
  pool.parallelFor(
      a.tasks, 1,
      [](void *arg, int64_t begin, int64_t, int thread) {
        const Attention &all = *static_cast<const Attention *>(arg);
        runTask(all, all.task[begin], thread);
      },
      &a);
  pool.parallelFor(
      a.tokens * a.blocks, 1,
      [](void *arg, int64_t begin, int64_t, int) { mergeToken(*static_cast<const Attention *>(arg), begin); }, &a);
}

}  // namespace gatun::cpu::GK_ISA
