// attention_walk.hpp: attention of many tokens: a block walks the whole context of its rows, 16 a warp.
//
// Rows are (token, query head of the key/value head), token by token, so that a page in shared memory serves 16 * Warps
// rows; the copy of the next page runs beside. A tile of rows is of one sequence: where a sequence's tokens end, so
// does the tile. The merged sums of values lie in shared memory, touched once a split.
#pragma once

#include "attention/attention_output.hpp"
#include "attention/attention_tile.hpp"

namespace gatun::cuda {

template <int Steps>
constexpr int walkWarps = Steps == anySteps ? 2 : 8;
template <int Steps>
using WalkQuery = Query<Steps, Steps == anySteps>;

// Shared memory: pages, then of each warp merged sums (16, head_dim), their states (16) and its queries where they are
// there.
__host__ __device__ __forceinline__ constexpr int walkSumsBytes(int headDim) { return 16 * (headDim * 4 + 8); }
template <int Steps>
int64_t walkSharedBytes(const CachePages &cache, int stages) {
  return int64_t{stages} * cache.headBytes +
         walkWarps<Steps> * (int64_t{walkSumsBytes(cache.headDim)} + WalkQuery<Steps>::sharedBytes);
}

struct WalkShared {
  unsigned char pages[16];  // the first of them
};

// Where column `column` of a warp's row lies among its merged sums: rows shifted against each other, so that neither
// fragments (8 rows, 4 times two columns) nor a row's neighbouring columns meet in a bank.
__device__ __forceinline__ int mergedAt(int row, int column, int dim) {
  return row * dim + (column ^ (dim % 32 == 0 ? row % 4 * 8 : row / 2 % 2 * 8));
}

// Rows of a tile, of one sequence.
struct WalkTile {
  int begin, end;  // none: there is no such tile
  int sequence;
  int first, last;  // positions
};

// Tile `index` of a launch, of up to `most` rows. The last rows of a prompt see the longest context: they begin first.
__device__ __forceinline__ WalkTile walkTile(const Attention &a, int index, int most) {
  for (int token = 0, end = 0; token < a.tokens; token = end) {
    end = runEnd(a, token);
    const int row = token * a.group, rows = end * a.group - row, tiles = (rows + most - 1) / most;
    if (index < tiles) {
      const int from = (tiles - 1 - index) * most, to = from + most < rows ? from + most : rows;
      return {row + from, row + to, a.sequence[token], a.positionOf((row + from) / a.group),
              a.positionOf((row + to - 1) / a.group)};
    }
    index -= tiles;
  }
  return {0, 0, 0, 0, 0};
}

// Adds a split, o and states, to the merged sums of a warp and their states.
template <int Tiles>
__device__ __forceinline__ void foldSplit(const Attention &a, int split, const int (&position)[2],
                                          const SoftmaxState (&states)[2], const float (&o)[Tiles][4],
                                          SoftmaxState *merged, float *sums) {
  const int lane = laneId(), dim = a.cache.headDim;
  const float valuesTimes = valueUnit(a.cache.valueType);
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const int row = lane / 4 + 8 * i;
    SoftmaxState all = {states[i].reference, totalOfRow(states[i].total)};
    MergeFactors f = {0, 1};
    if (split > 0) {
      const SoftmaxState partial = all;
      all = merged[row];
      f = mergeStates(all, partial, PowerOfTwo());
    }
    __syncwarp();  // the row's four lanes have read what was
    if (position[i] < split * splitTokens) {
      continue;
    }
    if (lane % 4 == 0) {
      merged[row] = all;
    }
#pragma unroll
    for (int n = 0; n < Tiles; ++n) {
      if (8 * n < dim) {
        auto *const to = reinterpret_cast<float2 *>(sums + mergedAt(row, 8 * n + 2 * (lane % 4), dim));
        const float2 fresh = make_float2(o[n][2 * i] * valuesTimes, o[n][2 * i + 1] * valuesTimes);
        if (split == 0) {
          *to = fresh;
        } else {
          const float2 old = *to;
          *to = make_float2(mergeValue(old.x, fresh.x, f), mergeValue(old.y, fresh.y, f));
        }
      }
    }
  }
  __syncwarp();
}

template <int Steps>
__global__ void __launch_bounds__(32 * walkWarps<Steps>, 1) walkSplits(Attention a, int stages) {
  constexpr int warps = walkWarps<Steps>, slabs = (Steps + 1) / 2, parts = (Steps + 7) / 8;
  dependencyWait();
  dependencyTrigger();
  unsigned char *const pages = shared<WalkShared>().pages;
  const int lane = laneId(), warp = static_cast<int>(threadIdx.x / 32), dim = a.cache.headDim;
  unsigned char *const mine =
      pages + stages * a.cache.headBytes + warp * (walkSumsBytes(dim) + WalkQuery<Steps>::sharedBytes);
  auto *const sums = reinterpret_cast<float *>(mine);
  auto *const merged = reinterpret_cast<SoftmaxState *>(sums + 16 * dim);

  const int kvHead = static_cast<int>(blockIdx.x) % a.cache.kvHeads;
  const WalkTile tile = walkTile(a, static_cast<int>(blockIdx.x) / a.cache.kvHeads, 16 * warps);
  if (tile.begin == tile.end) {
    return;
  }
  const int warpRow = tile.begin + 16 * warp;
  const float *q[2];
  int position[2];
  for (int i = 0; i < 2; ++i) {
    const int row = warpRow + lane / 4 + 8 * i, token = row / a.group, head = kvHead * a.group + row % a.group;
    q[i] = row < tile.end ? a.q + token * a.qStride + int64_t{head} * dim : nullptr;
    position[i] = row < tile.end ? a.positionOf(token) : -1;
  }
  WalkQuery<Steps> query(mine + walkSumsBytes(dim));
  float scoreScale[2];
  loadQuery(query, q, stepsOf<Steps>(dim), a.cache.keyType, a.scale, scoreScale);

  const int count = tile.sequence < 0 ? 0 : tile.last / pageTokens + 1;  // pages: none of padding
  int entries = 0;                                                       // lane's of 32 pages
  const auto copyPage = [&](int page) {
    if (page % 32 == 0) {
      entries = a.pageOf(tile.sequence, page + lane);
    }
    const int from = shuffle(entries, page % 32);
    copyPart(pages + page % stages * a.cache.headBytes, a.cache.head(from, kvHead), a.cache.headBytes);
    copyAsyncCommit();
  };
  if (count > 0) {
    copyPage(0);
  }
  SoftmaxState states[2];
  float o[4 * slabs][4];
  for (int page = 0; page < count; ++page) {
    unsigned char *const stage = pages + page % stages * a.cache.headBytes;
    copyAsyncWait<0>();
    __syncthreads();
    if (stages > 1 && page + 1 < count) {
      copyPage(page + 1);
    }
    const int start = page * pageTokens;
    if (tile.last < start + pageTokens - 1) {
      clearValues(a.cache, stage, tile.last + 1 - start);
      __syncthreads();
    }
    if (page % splitPages == 0) {
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        states[i] = {minusInfinity, 0};
      }
#pragma unroll
      for (int n = 0; n < 4 * slabs; ++n) {
        o[n][0] = o[n][1] = o[n][2] = o[n][3] = 0;
      }
    }
    float scores[4][4], shrink[2];
    withType(a.cache.keyType, [&](auto type) {
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        scoreTile<decltype(type)::value>(scores[j], query, a.cache, stage, j);
      }
    });
    softmaxPage(scores, scoreScale, position, start, start + pageTokens - 1 <= tile.first, states, shrink);
#pragma unroll
    for (int n = 0; n < 4 * slabs; ++n) {
#pragma unroll
      for (int c = 0; c < 4; ++c) {
        o[n][c] *= shrink[c / 2];
      }
    }
    withType(a.cache.valueType, [&](auto type) {
      const Weights<decltype(type)::value> weights(scores);
#pragma unroll
      for (int slab = 0; slab < slabs; ++slab) {
        if (Steps < anySteps || 32 * slab < dim) {  // a head_dim of its own has no slab in vain
          addSlab<decltype(type)::value>(o + 4 * slab, weights, a.cache, stage, slab, dim - 32 * slab < 32);
        }
      }
    });
    if (page % splitPages == splitPages - 1 || page == count - 1) {
      foldSplit<4 * slabs>(a, page / splitPages, position, states, o, merged, sums);
    }
    if (stages == 1 && page + 1 < count) {
      __syncthreads();
      copyPage(page + 1);
    }
  }
  for (int r = 0; r < 16 && warpRow + r < tile.end; ++r) {
    const int row = warpRow + r;
    const float total = count == 0 ? 1 : merged[r].total;
    const int head = kvHead * a.group + row % a.group;
    float4 x[parts];
#pragma unroll
    for (int n = 0; n < parts; ++n) {
      const int d = 128 * n + 4 * lane;
      x[n] = d < dim && count > 0 ? *reinterpret_cast<const float4 *>(sums + mergedAt(r, d, dim))
                                  : make_float4(0, 0, 0, 0);
      x[n] = make_float4(x[n].x / total, x[n].y / total, x[n].z / total, x[n].w / total);
    }
    writeColumns(a, row / a.group, head * dim, x, dim);
  }
}

}  // namespace gatun::cuda
