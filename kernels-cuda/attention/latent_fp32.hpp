// latent_fp32.hpp: attention over a latent cache of GK_F32: all arithmetic in fp32, a warp a head. Bit-equal to the
// CPU.
//
// A block has the heads of fp32Warps warps, which share a page in shared memory; a lane is a position of the page for
// scores, and elements lane, lane + 32, ... for values.
#pragma once

#include "attention/attention_output.hpp"
#include "attention/attention_tasks.hpp"
#include "attention/cache_element.hpp"

namespace gatun::cuda {

constexpr int latentFp32Warps = 4;
constexpr int latentsOfLane = 512 / 32;

struct LatentFp32Shared {
  float4 floats[1];  // queries, of a warp each, then the page; rows of it a float apart, that lanes meet no bank twice
};
inline int64_t latentFp32SharedBytes(int64_t headDim) {
  return 4 * (latentFp32Warps * headDim + pageTokens * (headDim + 1));
}

// A head's softmax and sums of this lane's elements.
struct LatentFp32Row {
  SoftmaxState state;
  float values[latentsOfLane];
};

// Adds a page, of which the head sees `count` slots.
__device__ __forceinline__ void addLatentsFp32(const CachePages &cache, const float *page, const float *q, int count,
                                               LatentFp32Row &row) {
  const int lane = laneId(), stride = cache.headDim + 1;
  const PowerOfE power;
  float score = 0;
  for (int d = 0; d < cache.headDim; ++d) {
    score = fmaf(q[d], page[lane * stride + d], score);
  }
  score = lane < count ? score : minusInfinity;
  float top = score;
  for (int mask = 16; mask > 0; mask /= 2) {
    top = fmaxf(top, shuffleXor(top, mask));
  }
  const float before = row.state.reference, highest = fmaxf(before, top);
  const float p = power(score - highest), factor = before < highest ? power(before - highest) : 1.0f;
  row.state = {highest, row.state.total * factor};
#pragma unroll
  for (int i = 0; i < latentsOfLane; ++i) {
    row.values[i] *= factor;
  }
#pragma unroll 1
  for (int slot = 0; slot < count; ++slot) {
    const float weight = shuffle(p, slot);
    row.state.total += weight;
#pragma unroll
    for (int i = 0; i < latentsOfLane; ++i) {
      if (lane + 32 * i < cache.latent) {
        row.values[i] = fmaf(weight, page[slot * stride + lane + 32 * i], row.values[i]);
      }
    }
  }
}

// One split of a token's context for the warps' heads, by all threads of the block.
__device__ __forceinline__ void attendLatentSplitFp32(const Attention &a, int token, int split, float *page,
                                                      const float *q, LatentFp32Row &row) {
  const int dim = a.cache.headDim, position = a.positionOf(token);
  row = {{minusInfinity, 0}, {}};
  for (int index = split * splitPages; index < (split + 1) * splitPages && index * pageTokens <= position; ++index) {
    const int seen = position + 1 - index * pageTokens, count = seen < pageTokens ? seen : pageTokens;
    const unsigned char *const from = a.cache.head(a.pageOf(a.sequence[token], index), 0);
    __syncthreads();  // all warps have read the page before
    for (int i = static_cast<int>(threadIdx.x); i < pageTokens * dim; i += 32 * latentFp32Warps) {
      const int slot = i / dim, d = i % dim;
      page[slot * (dim + 1) + d] = slot < count ? latentElement(a.cache, from, d, slot) : 0.0f;
    }
    __syncthreads();
    addLatentsFp32(a.cache, page, q, count, row);
  }
}

// The result of a head, or of one split of it.
__device__ __forceinline__ void writeLatentFp32(const Attention &a, int token, int head, int split,
                                                const LatentFp32Row &row, float *room) {
  const int lane = laneId(), latent = a.cache.latent;
  const int64_t at = (int64_t{token} * a.heads + head) * a.splits + split;
  if (a.partialValues != nullptr && lane == 0) {
    a.partialStates[at] = make_float2(row.state.reference, row.state.total);
  }
#pragma unroll
  for (int i = 0; i < latentsOfLane; ++i) {
    const int d = lane + 32 * i;
    if (d < latent) {
      if (a.partialValues != nullptr) {
        a.partialValues[at * latent + d] = row.values[i];
      } else {
        room[d] = row.values[i] / row.state.total;
      }
    }
  }
  __syncwarp();
  if (a.partialValues != nullptr) {
    return;
  }
  for (int first = 0; first < latent; first += 128) {
    const int d = first + 4 * lane;
    const float4 x = d < latent ? *reinterpret_cast<const float4 *>(room + d) : make_float4(0, 0, 0, 0);
    writeFour(a, token, head * latent + d, x, d < latent);
  }
}

// Blocks take (token, warps' heads), and all splits, where `a` has no partials; else also a split.
__global__ void __launch_bounds__(32 * latentFp32Warps) attendLatentsFp32(Attention a) {
  dependencyWait();
  dependencyTrigger();
  const int warp = static_cast<int>(threadIdx.x / 32), dim = a.cache.headDim;
  float *const floats = &shared<LatentFp32Shared>().floats[0].x;
  float *const q = floats + warp * dim, *const page = floats + latentFp32Warps * dim;
  const int headTiles = (a.heads + latentFp32Warps - 1) / latentFp32Warps;
  for (auto index = static_cast<int>(blockIdx.x);; index += static_cast<int>(gridDim.x)) {
    SplitTask task = {0, 0, 0, 0, 0};
    if (a.partialValues != nullptr) {
      task = splitTask(a, index, 1, headTiles);
    } else if (index < a.tokens * headTiles) {
      task = {index / headTiles, 1, 0, index % headTiles, 0};
    }
    if (task.tokens == 0) {
      return;
    }
    const int head = latentFp32Warps * task.headTile + warp;
    __syncwarp();  // the warp is done with what lay there
    for (int d = laneId(); d < dim; d += 32) {
      q[d] = head < a.heads ? a.q[task.token * a.qStride + int64_t{head} * dim + d] * a.scale : 0.0f;
    }
    __syncwarp();
    LatentFp32Row all = {{0, 1}, {}};  // of padding
    if (!a.isPadding(task.token)) {
      attendLatentSplitFp32(a, task.token, task.split, page, q, all);
      const int last = a.partialValues != nullptr ? task.split : a.positionOf(task.token) / splitTokens;
      for (int split = task.split + 1; split <= last; ++split) {
        LatentFp32Row next;
        attendLatentSplitFp32(a, task.token, split, page, q, next);
        const MergeFactors f = mergeStates(all.state, next.state, PowerOfE());
#pragma unroll
        for (int i = 0; i < latentsOfLane; ++i) {
          all.values[i] = mergeValue(all.values[i], next.values[i], f);
        }
      }
    }
    __syncwarp();  // all lanes have read the query
    if (head < a.heads) {
      writeLatentFp32(a, task.token, head, task.split, all, q);
    }
  }
}

}  // namespace gatun::cuda
