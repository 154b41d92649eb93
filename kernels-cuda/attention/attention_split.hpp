// attention_split.hpp: attention of singles and of a few tokens: a block works on one split of the context of one tile
// of up to 16 rows, then on another, as many as there are by the tokens' true positions.
//
// Four warps share a page: of the scores each computes a tile of 8 keys, of the values each sums slabs of 32 elements;
// in between they exchange scores, and every warp takes the softmax of all. Pages come through a ring in shared memory,
// so that up to `stages` - 1 are under way.
#pragma once

#include "attention/attention_tile.hpp"

namespace gatun::cuda {

constexpr int splitWarps = 4;
constexpr int splitMaxTokens = 32;  // of a launch beside its singles: one for every lane that looks at sequences
constexpr int splitMaxStages = 6;
// Blocks that a multiprocessor's registers must suffice for. Of short heads the compiler would else keep more in them.
template <int Steps>
constexpr int splitBlocks = Steps == 4 ? 4 : 1;

struct SplitShared {
  float4 scores[2][splitWarps][32];  // of even and of odd pages
                                     // then the ring of pages
};

// Rows of a tile: neighbouring tokens of one sequence with all query heads of a key/value head; or a part of one
// token's heads.
__host__ __device__ __forceinline__ constexpr int headTilesOf(int group) { return (group + 15) / 16; }
__host__ __device__ __forceinline__ constexpr int splitTileTokens(int group) { return group < 16 ? 16 / group : 1; }

// Until at most `pending` of this thread's groups of copies are under way.
__device__ __forceinline__ void waitForCopies(int pending) {
  switch (pending) {
    case 0:
      return copyAsyncWait<0>();
    case 1:
      return copyAsyncWait<1>();
    case 2:
      return copyAsyncWait<2>();
    case 3:
      return copyAsyncWait<3>();
    default:
      return copyAsyncWait<4>();
  }
}

// One split of a tile, by all threads of a block.
template <int Steps>
__device__ __forceinline__ void attendSplit(const Attention &a, int stages, const SplitTask &task, int kvHead) {
  constexpr int slabs = ((Steps + 1) / 2 + splitWarps - 1) / splitWarps;  // of a warp
  const int lane = laneId(), warp = static_cast<int>(threadIdx.x / 32), dim = a.cache.headDim;
  const int firstRow = 16 * task.headTile, left = a.group - firstRow;  // of the token's heads
  const int rows = a.group < 16 ? task.tokens * a.group : left < 16 ? left : 16;
  int position[2];
  int64_t row[2];  // of the launch
  const float *q[2];
  int last = 0, first = a.maxPages * pageTokens;
  for (int i = 0; i < 2; ++i) {
    const int r = lane / 4 + 8 * i, h = firstRow + r, token = task.token + h / a.group;
    const int head = kvHead * a.group + h % a.group;
    position[i] = r < rows ? a.positionOf(token) : -1;
    row[i] = int64_t{token} * a.heads + head;
    q[i] = r < rows ? a.q + token * a.qStride + int64_t{head} * dim : nullptr;
    last = last > position[i] ? last : position[i];
    first = r < rows && position[i] < first ? position[i] : first;
  }
  for (int mask = 4; mask < 32; mask *= 2) {
    const int otherLast = shuffleXor(last, mask), otherFirst = shuffleXor(first, mask);
    last = last > otherLast ? last : otherLast;
    first = first < otherFirst ? first : otherFirst;
  }
  const int begin = task.split * splitPages, there = last / pageTokens + 1 - begin;
  const int pages = there < splitPages ? there : splitPages;

  auto &s = shared<SplitShared>();
  auto *const ring = reinterpret_cast<unsigned char *>(&s + 1);
  const int entry = a.pageOf(task.sequence, begin + lane % splitPages);
  const auto copyPage = [&](int page) {
    const int from = shuffle(entry, page % splitPages);
    if (page < pages) {
      copyPart(ring + page % stages * a.cache.headBytes, a.cache.head(from, kvHead), a.cache.headBytes);
    }
    copyAsyncCommit();
  };
  for (int page = 0; page < stages - 1; ++page) {
    copyPage(page);
  }
  Query<Steps, false> query(nullptr);  // in registers even of the longest heads: a warp sums few values
  float scoreScale[2];
  loadQuery(query, q, stepsOf<Steps>(dim), a.cache.keyType, a.scale, scoreScale);
  waitForCopies(stages - 2);
  __syncthreads();

  SoftmaxState states[2] = {{minusInfinity, 0}, {minusInfinity, 0}};
  float o[4 * slabs][4] = {};
  for (int page = 0; page < pages; ++page) {
    unsigned char *const stage = ring + page % stages * a.cache.headBytes;
    float mine[4];
    withType(a.cache.keyType, [&](auto type) { scoreTile<decltype(type)::value>(mine, query, a.cache, stage, warp); });
    s.scores[page % 2][warp][lane] = make_float4(mine[0], mine[1], mine[2], mine[3]);
    // After this barrier the scores are all there, the next page is, and the page before this one is done with.
    waitForCopies(stages - 3);
    __syncthreads();
    copyPage(page + stages - 1);
    const int start = (begin + page) * pageTokens;
    if (last < start + pageTokens - 1) {
      clearValues(a.cache, stage, last + 1 - start);
      __syncthreads();
    }
    float scores[4][4], shrink[2];
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const float4 x = s.scores[page % 2][j][lane];
      scores[j][0] = x.x, scores[j][1] = x.y, scores[j][2] = x.z, scores[j][3] = x.w;
    }
    softmaxPage(scores, scoreScale, position, start, start + pageTokens - 1 <= first, states, shrink);
#pragma unroll
    for (int i = 0; i < 4 * slabs; ++i) {
#pragma unroll
      for (int c = 0; c < 4; ++c) {
        o[i][c] *= shrink[c / 2];
      }
    }
    withType(a.cache.valueType, [&](auto type) {
      const Weights<decltype(type)::value> weights(scores);
#pragma unroll
      for (int i = 0; i < slabs; ++i) {
        const int slab = warp + splitWarps * i;
        if (32 * slab < dim) {
          addSlab<decltype(type)::value>(o + 4 * i, weights, a.cache, stage, slab, dim - 32 * slab < 32);
        }
      }
    });
    if (stages == 2) {  // the next page was begun only now
      waitForCopies(0);
      __syncthreads();
    }
  }

  const float valuesTimes = valueUnit(a.cache.valueType);
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const float total = totalOfRow(states[i].total);
    if (position[i] < begin * pageTokens) {  // no such row, or it ends before this split
      continue;
    }
    const int64_t at = row[i] * a.splits + task.split;
    if (warp == 0 && lane % 4 == 0) {
      a.partialStates[at] = make_float2(states[i].reference, total);
    }
#pragma unroll
    for (int n = 0; n < 4 * slabs; ++n) {
      const int d = 32 * (warp + splitWarps * (n / 4)) + 8 * (n % 4) + 2 * (lane % 4);
      if (d < dim) {
        *reinterpret_cast<float2 *>(a.partialValues + at * dim + d) =
            make_float2(o[n][2 * i] * valuesTimes, o[n][2 * i + 1] * valuesTimes);
      }
    }
  }
}

// Blocks: as many as the device holds, or one for each of (tile of rows, key/value head, split) where those are fewer.
template <int Steps>
__global__ void __launch_bounds__(32 * splitWarps, splitBlocks<Steps>) attendSplits(Attention a, int stages) {
  dependencyWait();
  dependencyTrigger();
  for (auto index = static_cast<int>(blockIdx.x);; index += static_cast<int>(gridDim.x)) {
    const int headTiles = headTilesOf(a.group);
    const SplitTask task = splitTask(a, index / a.cache.kvHeads, splitTileTokens(a.group), headTiles);
    if (task.tokens == 0) {
      return;
    }
    attendSplit<Steps>(a, stages, task, index % a.cache.kvHeads);
    __syncthreads();  // the block is done with its shared memory
  }
}

}  // namespace gatun::cuda
