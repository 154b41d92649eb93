// latent_attention.cpp: Attention over a latent cache: all heads of a token read one key and its first elements, the
// value.
//
// Bytes moved: a token reads its whole context once for each block of heads, context * head_dim of the cache's type.
// Operations: 2 * context * (head_dim + latent) a head, so that with 128 heads arithmetic is the limit: 242 operations
// a byte of a 16-bit cache. A page is widened once for a block of heads; heads are the lanes, so a key's or a value's
// element is broadcast to all of them, and no sum crosses lanes. In float32, or in 16-bit integers: latent_fp32.cpp,
// latent_int16.cpp.
//
// What is computed, whatever the blocks and threads: scores add up by ascending element, a context is cut at multiples
// of splitTokens, a split's pages are added in ascending order, and the splits are merged in ascending order. So a
// head's result depends on nothing but its query and the latents before it.
#include "latent_attention.hpp"

#include "latent_kernel.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

constexpr int64_t splitTokens = 16 * GK_PAGE_TOKENS;
constexpr int64_t pageTokens = GK_PAGE_TOKENS;

struct Attention {
  Pool &pool;
  const gk_batch &batch;
  const gk_tensor &q;
  const gk_cache &cache;
  const gk_tensor &y;
  float scale;
  LatentKernel kernel;
  LatentShape shape;
  int64_t heads;
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

// A thread's memory.
struct Room {
  char *kernel;
  float *split;  // (latent + 2, lanes): sums of one split
  float *all;    // the same of all splits
};

int64_t splitsOf(const Attention &a, int64_t t) { return a.batch.position[a.token[t]] / splitTokens + 1; }

int64_t partialFloats(const Attention &a) { return (a.shape.latent + 2) * a.shape.lanes; }

Room roomOf(const Attention &a, int thread) {
  const auto layOut = [&a](LatentRoom &memory) {
    Room room;
    room.kernel = memory.take<char>(a.kernel.roomBytes(a.shape));
    room.split = memory.take<float>(partialFloats(a));
    room.all = memory.take<float>(partialFloats(a));
    return room;
  };
  LatentRoom none(nullptr);
  layOut(none);
  LatentRoom memory(a.pool.scratch(thread, none.bytes()));
  return layOut(memory);
}

void loadQueries(const Attention &a, const Task &task, char *room) {
  const int64_t firstHead = task.block * a.shape.lanes, left = a.heads - firstHead;
  const float *const row = static_cast<const float *>(a.q.data) + a.token[task.token] * a.q.stride;
  a.kernel.load(a.shape, row + firstHead * a.shape.dim, left < a.shape.lanes ? left : a.shape.lanes, a.scale, room);
}

// Sums of one split of a token.
void attendSplit(const Attention &a, char *room, int32_t token, int64_t split, float *sums) {
  const int64_t pageBytes = cachePageBytesOf(a.cache);
  __builtin_memset(sums, 0, static_cast<size_t>(partialFloats(a)) * sizeof(float));
  for (int64_t lane = 0; lane < a.shape.lanes; ++lane) {
    sums[a.shape.latent * a.shape.lanes + lane] = -__builtin_inff();
  }
  const int64_t past = a.batch.position[token] + int64_t{1};
  const int64_t end = past < (split + 1) * splitTokens ? past : (split + 1) * splitTokens;
  const int32_t *const pages = a.batch.page_table + int64_t{a.batch.sequence[token]} * a.batch.max_pages;
  for (int64_t start = split * splitTokens; start < end; start += pageTokens) {
    const int64_t count = end - start < pageTokens ? end - start : pageTokens;
    const auto pageAt = [&](int64_t position) {
      return static_cast<const uint8_t *>(a.cache.pages) + pages[position / pageTokens] * pageBytes;
    };
    const uint8_t *const next = start + pageTokens < end ? pageAt(start + pageTokens) : nullptr;
    a.kernel.attend(a.shape, {a.cache.key_dtype, pageAt(start), a.shape.dim}, count, next, room, sums);
  }
}

// Adds a split's sums to those before it.
void merge(const Attention &a, float *all, const float *part) {
  const int64_t latent = a.shape.latent, lanes = a.shape.lanes;
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
  const int64_t latent = a.shape.latent, lanes = a.shape.lanes, firstHead = task.block * lanes;
  float *const row = static_cast<float *>(a.y.data) + a.token[task.token] * a.y.stride;
  for (int64_t lane = 0; lane < lanes && firstHead + lane < a.heads; lane += 16) {
    const F32x16 total = load(all + (latent + 1) * lanes + lane);
    const int64_t left = a.heads - firstHead - lane, heads = left < 16 ? left : 16;
    for (int64_t first = 0; first < latent; first += 16) {
      float square[16][16];  // (elements, heads)
      for (int64_t d = 0; d < 16; ++d) {
        store(square[d], load(all + (first + d) * lanes + lane) / total);
      }
      for (int64_t head = 0; head < heads; ++head) {
        float *const to = row + (firstHead + lane + head) * latent + first;
        for (int64_t d = 0; d < 16; ++d) {
          to[d] = square[d][head];
        }
      }
    }
  }
}

// Where a token's block and split keeps its sums.
float *partialOf(const Attention &a, const Task &task, int64_t split) {
  return a.partials + (a.first[task.token] + task.block * splitsOf(a, task.token) + split) * partialFloats(a);
}

void runTask(const Attention &a, const Task &task, int thread) {
  Room room = roomOf(a, thread);
  const int32_t token = a.token[task.token];
  loadQueries(a, task, room.kernel);
  if (task.split >= 0) {
    attendSplit(a, room.kernel, token, task.split, partialOf(a, task, task.split));
    return;
  }
  for (int64_t split = 0; split < splitsOf(a, task.token); ++split) {
    if (split == 0) {
      attendSplit(a, room.kernel, token, split, room.all);
    } else {
      attendSplit(a, room.kernel, token, split, room.split);
      merge(a, room.all, room.split);
    }
  }
  writeResult(a, task, room.all);
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
  int64_t &lanes = a.shape.lanes = a.kernel.mostLanes;
  const int64_t vectors = (a.heads + 15) / 16;
  while (lanes > 16 && (lanes > vectors * 16 || all * ((a.heads + lanes - 1) / lanes) < a.pool.threads())) {
    lanes /= 2;
  }
  a.blocks = (a.heads + lanes - 1) / lanes;
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
                   int32_t compute, const gk_tensor &y) {
  Attention a{pool, batch, q, cache, y, scale, {}, {}, 0, 0, 0, nullptr, nullptr, 0, nullptr, nullptr};
  a.kernel = compute == GK_COMPUTE_INT16 ? latentInt16() : latentFp32();
  a.shape = {cache.head_dim, cache.latent, 0};
  a.heads = q.cols / cache.head_dim;
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
