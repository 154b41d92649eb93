// attention.cpp: Attention: softmax(scale * q . keys) . values over the paged cache, without the matrix of scores.
//
// Bytes moved: a token reads its whole context, 2 * context * head_dim * kv_heads of the cache's type; tokens of a
// prompt share it in tiles. Operations: 4 * context * head_dim * heads a token.
//
// What is computed, whatever the tiling: a context is cut at multiples of splitTokens; a split's pages are added in
// ascending order with the running maximum of the scores, and the splits are merged in ascending order. So a token's
// result depends on nothing but its query and its keys and values.
// Tasks are (tile of tokens of one sequence, key/value head, range of splits): a range a split where the tile's whole
// context would keep a thread longer than the others have work, as in decoding or of one long sequence beside short
// ones; else one.
#include "attention_page.hpp"
#include "hadamard.hpp"
#include "latent_attention.hpp"
#include "quantized.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

constexpr int32_t splitTokens = 16 * GK_PAGE_TOKENS;
constexpr int32_t tileQueries = 48;  // with their sums and a page, these fit the second level cache

struct Tile {
  int32_t token;  // the first
  int32_t tokens;
  int32_t splits;
  bool divided;     // a task for each split
  int64_t partial;  // divided: its first row of partial results, of (key/value head, split, query)
};

struct Task {
  int32_t tile;
  int32_t head;
  int32_t split;
  int32_t splits;
};

struct Attention {
  Pool *pool;
  const gk_batch *batch;
  const gk_tensor *q;
  const gk_cache *cache;
  float scale;
  const gk_tensor *y;
  int64_t group;  // query heads of a key/value head
  int64_t pageBytes;
  int64_t headBytes;  // of a head's keys and values in a page
  int64_t keyBytes;
  int32_t tileTokens;  // most tokens of a tile
  Tile *tiles;
  int32_t tileCount;
  Task *tasks;
  int32_t taskCount;
  int32_t *dividedTiles;
  int32_t dividedCount;
  float *partials;  // rows of partialRow: values, highest, total
  int64_t partialRow;
};

int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }

// Visits the tiles of the batch in order; padding is in none.
template <class Visit>
void forEachTile(const gk_batch &batch, int32_t tileTokens, const Visit &visit) {
  for (int32_t t = 0; t < batch.tokens;) {
    if (isPadding(batch, t)) {
      ++t;
      continue;
    }
    Tile tile{t, 0, 0, false, 0};
    for (; t < batch.tokens && tile.tokens < tileTokens && batch.sequence[t] == batch.sequence[tile.token]; ++t) {
      const int32_t splits = batch.position[t] / splitTokens + 1;
      tile.splits = splits > tile.splits ? splits : tile.splits;
      ++tile.tokens;
    }
    visit(tile);
  }
}

// Where the arrays of a tile's queries lie in a thread's scratch.
struct Room {
  Queries part;    // one split
  float *highest;  // all splits so far
  float *total;
  float *values;
  float *keyPage;    // (dim, 32), converted
  float *valuePage;  // (32, dim)
};

Room room(const Attention &a, int thread) {
  const int64_t n = a.tileTokens * a.group, dim = a.cache->head_dim;
  const int64_t padded = (n + 15) / 16 * 16;
  const int64_t floats = n * (3 * dim + pageTokens) + 5 * padded + 2 * pageTokens * dim;
  auto *next = static_cast<float *>(a.pool->scratch(thread, floats * int64_t{sizeof(float)}));
  const auto take = [&next](int64_t count) {
    float *const taken = next;
    next += count;
    return taken;
  };
  Room r;
  r.part.q = take(n * dim);
  r.part.scores = take(n * pageTokens);
  r.part.values = take(n * dim);
  r.values = take(n * dim);
  r.keyPage = take(pageTokens * dim);
  r.valuePage = take(pageTokens * dim);
  r.part.factor = take(padded);
  r.part.highest = take(padded);
  r.part.total = take(padded);
  r.highest = take(padded);
  r.total = take(padded);
  r.part.dim = dim;
  return r;
}

// Query r of a tile is head r % group of token r / group.
void loadQueries(const Attention &a, const Tile &tile, int64_t head, float *q) {
  const int64_t dim = a.cache->head_dim;
  const F32x16 scale = splat(a.scale);
  for (int64_t r = 0; r < tile.tokens * a.group; ++r) {
    const float *const from = static_cast<const float *>(a.q->data) + (tile.token + r / a.group) * a.q->stride +
                              (head * a.group + r % a.group) * dim;
    for (int64_t d = 0; d < dim; d += 16) {
      store(q + r * dim + d, load(from + d) * scale);
    }
  }
}

// Attention of the tile's queries to the page that begins at position `start`.
void attendTile(const Attention &a, const Tile &tile, const Queries &part, int32_t start, const Plane &keys,
                const Plane &values) {
  const int32_t *const position = a.batch->position + tile.token;
  int32_t first = position[0];
  for (int32_t t = 1; t < tile.tokens; ++t) {
    first = least(first, position[t]);
  }
  if (first >= start + GK_PAGE_TOKENS - 1) {
    attendPage(part, 0, tile.tokens * a.group, GK_PAGE_TOKENS, keys, values);
    return;
  }
  for (int32_t t = 0; t < tile.tokens; ++t) {
    if (position[t] >= start) {
      attendPage(part, t * a.group, (t + 1) * a.group, least(GK_PAGE_TOKENS, position[t] - start + 1), keys, values);
    }
  }
}

// Whether so many queries are worth a detour of a page through memory: each block of queries widens it anew in
// registers, which of a half is one instruction and of a code with a scale three or more.
bool widensOnce(int32_t dtype, int64_t queries) {
  return queries > (dtype == GK_F16 || dtype == GK_BF16 ? 2 * scoreBlock : scoreBlock);
}

// The same for a page in the cache, of which `count` positions are seen.
void openPage(const Attention &a, const Tile &tile, int64_t head, int32_t start, int32_t count, const Room &room) {
  const gk_cache &cache = *a.cache;
  const int32_t page =
      a.batch->page_table[int64_t{a.batch->sequence[tile.token]} * a.batch->max_pages + start / GK_PAGE_TOKENS];
  const uint8_t *const data = static_cast<const uint8_t *>(cache.pages) + page * a.pageBytes + head * a.headBytes;
  Plane keys{cache.key_dtype, data, cache.head_dim};
  Plane values{cache.value_dtype, data + a.keyBytes, cache.head_dim};
  const int64_t queries = tile.tokens * a.group;
  if (widensOnce(keys.dtype, queries)) {
    keys = widenKeys(keys, room.keyPage);
  }
  if (widensOnce(values.dtype, queries)) {
    values = widenValues(values, count, room.valuePage);
  }
  attendTile(a, tile, room.part, start, keys, values);
}

// Attention of the tile's queries to one split, into room.part; queries before the split are left untouched.
void attendSplit(const Attention &a, const Tile &tile, int64_t head, int32_t split, const Room &room) {
  const Queries &part = room.part;
  const int64_t n = tile.tokens * a.group, dim = part.dim;
  for (int64_t r = 0; r < n; ++r) {
    part.highest[r] = -__builtin_inff();
    part.total[r] = 0;
  }
  __builtin_memset(part.values, 0, static_cast<size_t>(n * dim) * sizeof(float));
  int32_t last = 0;
  for (int32_t t = 0; t < tile.tokens; ++t) {
    const int32_t position = a.batch->position[tile.token + t];
    last = position > last ? position : last;
  }
  const int32_t end = least(last + 1, (split + 1) * splitTokens);
  for (int32_t start = split * splitTokens; start < end; start += GK_PAGE_TOKENS) {
    openPage(a, tile, head, start, least(GK_PAGE_TOKENS, end - start), room);
  }
}

// Adds a split of one query to those before it; `split` 0 is the first.
void merge(int32_t split, float *highest, float *total, float *values, float partHighest, float partTotal,
           const float *partValues, int64_t dim) {
  if (split == 0) {
    *highest = partHighest;
    *total = partTotal;
    __builtin_memcpy(values, partValues, static_cast<size_t>(dim) * sizeof(float));
    return;
  }
  const float top = partHighest > *highest ? partHighest : *highest;
  const float old = expOf(*highest - top), fresh = expOf(partHighest - top);
  for (int64_t d = 0; d < dim; d += 16) {
    store(values + d, fma(load(partValues + d), splat(fresh), load(values + d) * splat(old)));
  }
  *total = *total * old + partTotal * fresh;
  *highest = top;
}

void writeResult(const Attention &a, const Tile &tile, int64_t head, int64_t r, const float *values, float total) {
  const int64_t dim = a.cache->head_dim;
  float *const y =
      static_cast<float *>(a.y->data) + (tile.token + r / a.group) * a.y->stride + (head * a.group + r % a.group) * dim;
  for (int64_t d = 0; d < dim; d += 16) {
    store(y + d, load(values + d) / splat(total));
  }
  if (cacheSpreadsValues(a.cache->value_dtype)) {
    hadamard(y, dim);
  }
}

bool reaches(const Attention &a, const Tile &tile, int64_t r, int32_t split) {
  return a.batch->position[tile.token + r / a.group] >= split * splitTokens;
}

// Where the partial result of query r of a tile lies.
float *partialOf(const Attention &a, const Tile &tile, int64_t head, int64_t split, int64_t r) {
  return a.partials + (tile.partial + (head * tile.splits + split) * tile.tokens * a.group + r) * a.partialRow;
}

void keepPartial(const Attention &a, const Tile &tile, const Task &task, const Queries &part) {
  for (int64_t r = 0; r < tile.tokens * a.group; ++r) {
    float *const to = partialOf(a, tile, task.head, task.split, r);
    __builtin_memcpy(to, part.values + r * part.dim, static_cast<size_t>(part.dim) * sizeof(float));
    to[part.dim] = part.highest[r];
    to[part.dim + 1] = part.total[r];
  }
}

void runTask(const Attention &a, int32_t index, int thread) {
  const Task &task = a.tasks[index];
  const Tile &tile = a.tiles[task.tile];
  const int64_t n = tile.tokens * a.group, dim = a.cache->head_dim;
  const Room r = room(a, thread);
  loadQueries(a, tile, task.head, r.part.q);
  for (int32_t split = task.split; split < task.split + task.splits; ++split) {
    attendSplit(a, tile, task.head, split, r);
    if (tile.divided) {
      keepPartial(a, tile, task, r.part);
      continue;
    }
    for (int64_t i = 0; i < n; ++i) {
      if (reaches(a, tile, i, split)) {
        merge(split, r.highest + i, r.total + i, r.values + i * dim, r.part.highest[i], r.part.total[i],
              r.part.values + i * dim, dim);
      }
    }
  }
  for (int64_t i = 0; !tile.divided && i < n; ++i) {
    writeResult(a, tile, task.head, i, r.values + i * dim, r.total[i]);
  }
}

// Merges the splits of one tile and head.
void mergeTile(const Attention &a, const Tile &tile, int64_t head) {
  const int64_t dim = a.cache->head_dim;
  for (int64_t r = 0; r < tile.tokens * a.group; ++r) {
    float *const values = partialOf(a, tile, head, 0, r);
    for (int32_t split = 1; split < tile.splits && reaches(a, tile, r, split); ++split) {
      const float *const part = partialOf(a, tile, head, split, r);
      merge(split, values + dim, values + dim + 1, values, part[dim], part[dim + 1], part, dim);
    }
    writeResult(a, tile, head, r, values, values[dim + 1]);
  }
}

void clearPadding(const gk_batch &batch, const gk_tensor &y) {
  for (int64_t t = 0; t < batch.tokens; ++t) {
    if (isPadding(batch, t)) {
      __builtin_memset(static_cast<float *>(y.data) + t * y.stride, 0, static_cast<size_t>(y.cols) * sizeof(float));
    }
  }
}

int64_t align(int64_t bytes) { return (bytes + 63) / 64 * 64; }

// What the arrays of a plan have room for.
struct Sizes {
  int64_t splits;  // of all tiles together
  int64_t tiles, tasks, divided;
  int64_t partials;  // rows
};

// Whether a thread would be at work on the tile's whole context for more than half of its fair share of all splits.
bool isLong(const Attention &a, const Tile &tile, const Sizes &sizes) {
  const int64_t threads = a.pool->threads();
  return threads > 1 && tile.splits > 1 && tile.splits * 2 * threads > sizes.splits * a.cache->kv_heads;
}

Sizes measure(const Attention &a) {
  Sizes sizes = {};
  forEachTile(*a.batch, a.tileTokens, [&](const Tile &tile) { sizes.splits += tile.splits; });
  forEachTile(*a.batch, a.tileTokens, [&](const Tile &tile) {
    const bool divided = isLong(a, tile, sizes);
    const int64_t tasks = (divided ? tile.splits : 1) * int64_t{a.cache->kv_heads};
    sizes.tiles += 1;
    sizes.tasks += tasks;
    sizes.divided += divided ? 1 : 0;
    sizes.partials += divided ? tasks * tile.tokens * a.group : 0;
  });
  return sizes;
}

// Fills in tiles, tasks and the room for partial results.
void plan(Attention &a) {
  const int64_t kvHeads = a.cache->kv_heads;
  a.tileTokens = static_cast<int32_t>(a.group < tileQueries ? tileQueries / a.group : 1);
  a.tileTokens = least(a.tileTokens, a.batch->tokens);
  const Sizes sizes = measure(a);
  if (sizes.tiles == 0) {
    return;
  }
  a.partialRow = a.cache->head_dim + 16;
  const int64_t tileBytes = align(sizes.tiles * int64_t{sizeof(Tile)});
  const int64_t taskBytes = align(sizes.tasks * int64_t{sizeof(Task)});
  const int64_t dividedBytes = align(sizes.divided * int64_t{sizeof(int32_t)});
  const int64_t partBytes = sizes.partials * a.partialRow * int64_t{sizeof(float)};
  char *const memory = static_cast<char *>(a.pool->shared(tileBytes + taskBytes + dividedBytes + partBytes));
  a.tiles = reinterpret_cast<Tile *>(memory);
  a.tasks = reinterpret_cast<Task *>(memory + tileBytes);
  a.dividedTiles = reinterpret_cast<int32_t *>(memory + tileBytes + taskBytes);
  a.partials = reinterpret_cast<float *>(memory + tileBytes + taskBytes + dividedBytes);
  a.tileCount = a.dividedCount = a.taskCount = 0;
  int64_t partials = 0;
  forEachTile(*a.batch, a.tileTokens, [&](const Tile &tile) {
    Tile &t = a.tiles[a.tileCount] = tile;
    t.divided = isLong(a, tile, sizes);
    if (t.divided) {
      t.partial = partials;
      partials += kvHeads * t.splits * t.tokens * a.group;
      a.dividedTiles[a.dividedCount++] = a.tileCount;
    }
    ++a.tileCount;
  });
  // The last tiles of a prompt see the longest context: begun first, they leave no thread waiting at the end.
  for (int32_t i = a.tileCount - 1; i >= 0; --i) {
    const Tile &t = a.tiles[i];
    for (int32_t head = 0; head < kvHeads; ++head) {
      for (int32_t split = 0; split < t.splits; split += t.divided ? 1 : t.splits) {
        a.tasks[a.taskCount++] = {i, head, split, t.divided ? 1 : t.splits};
      }
    }
  }
}

void attend(Pool &pool, const gk_batch &batch, const gk_tensor &q, const gk_cache &cache, float scale,
            const gk_tensor &y) {
  Attention a = {};
  a.pool = &pool;
  a.batch = &batch;
  a.q = &q;
  a.cache = &cache;
  a.scale = scale;
  a.y = &y;
  a.group = q.cols / (int64_t{cache.kv_heads} * cache.head_dim);
  a.pageBytes = cachePageBytesOf(cache);
  a.headBytes = a.pageBytes / cache.kv_heads;
  a.keyBytes = cachePlaneBytes(cache.key_dtype, cache.head_dim);
  plan(a);
  pool.parallelFor(
      a.taskCount, 1,
      [](void *arg, int64_t begin, int64_t, int thread) {
        runTask(*static_cast<const Attention *>(arg), static_cast<int32_t>(begin), thread);
      },
      &a);
  pool.parallelFor(
      a.dividedCount * int64_t{cache.kv_heads}, 1,
      [](void *arg, int64_t begin, int64_t, int) {
        const Attention &all = *static_cast<const Attention *>(arg);
        const int64_t kvHeads = all.cache->kv_heads;
        mergeTile(all, all.tiles[all.dividedTiles[begin / kvHeads]], begin % kvHeads);
      },
      &a);
}

}  // namespace

void attention(Pool &pool, const gk_batch &batch, const gk_tensor &q, const gk_cache &cache, float scale,
               int32_t compute, const gk_tensor &y) {
  checkPages(batch, cache, true);
  quantized(pool, y, [&](const gk_tensor &floats) {
    clearPadding(batch, floats);
    cache.latent != 0 ? attendLatents(pool, batch, q, cache, scale, compute, floats)
                      : attend(pool, batch, q, cache, scale, floats);
  });
}

}  // namespace gatun::cpu::GK_ISA
