// attention_fp32.hpp: attention where keys or values are GK_F32: all arithmetic in fp32, a warp a row. Bit-equal to the
// CPU.
//
// A lane is a position of a page for scores, and elements lane, lane + 32, ... of a head for values. Either may be of
// another type; then it is widened element by element.
#pragma once

#include "attention/attention_output.hpp"
#include "attention/attention_tasks.hpp"
#include "attention/cache_element.hpp"

namespace gatun::cuda {

constexpr int fp32Warps = 4;
constexpr int fp32Blocks = 5;  // that a multiprocessor's registers must suffice for
constexpr int elementsOfLane = maxHeadDim / 32;

struct Fp32Shared {
  float q[fp32Warps][maxHeadDim];  // then the row's result
};

// A row's softmax and sums of this lane's elements.
struct Fp32Row {
  SoftmaxState state;
  float values[elementsOfLane];
};

// Adds the page that begins at position `start`, of which the row sees `count` slots.
__device__ __forceinline__ void addPageFp32(const CachePages &cache, const unsigned char *head, const float *q,
                                            int count, Fp32Row &row) {
  const int lane = static_cast<int>(threadIdx.x % 32), dim = cache.headDim;
  const PowerOfE power;
  float score = 0;
  for (int d = 0; d < dim; ++d) {
    score = fmaf(q[d], keyElement(cache, head, d, lane), score);
  }
  score = lane < count ? score : minusInfinity;
  float top = score;
  for (int mask = 16; mask > 0; mask /= 2) {
    top = fmaxf(top, shuffleXor(top, mask));
  }
  const float before = row.state.reference, highest = fmaxf(before, top);
  const float p = power(score - highest), factor = highest == before ? 1.0f : power(before - highest);
  float sum = p;
  for (int mask = 16; mask > 0; mask /= 2) {
    sum += shuffleXor(sum, mask);
  }
  row.state = {highest, row.state.total * factor + sum};
#pragma unroll
  for (int i = 0; i < elementsOfLane; ++i) {
    row.values[i] *= factor;
  }
#pragma unroll 1
  for (int slot = 0; slot < count; ++slot) {
    const float weight = shuffle(p, slot);
#pragma unroll
    for (int i = 0; i < elementsOfLane; ++i) {
      if (lane + 32 * i < dim) {
        row.values[i] = fmaf(weight, valueElement(cache, head, lane + 32 * i, slot), row.values[i]);
      }
    }
  }
}

// A split of a head of a token, or where `a` has no partials all splits, by a warp.
__device__ __forceinline__ void attendRowFp32(const Attention &a, int token, int head, int split, float *q) {
  const int lane = laneId(), dim = a.cache.headDim, kvHead = head / a.group;
  const bool partial = a.partialValues != nullptr, padding = a.isPadding(token);
  const int position = a.positionOf(token);
  for (int d = lane; d < dim; d += 32) {
    q[d] = a.q[token * a.qStride + int64_t{head} * dim + d] * a.scale;
  }
  __syncwarp();

  Fp32Row all = {};
  all.state.total = 1;  // of padding
  const int lastSplit = partial ? split : padding ? -1 : position / splitTokens;
  for (int i = split; i <= lastSplit; ++i) {
    Fp32Row ofSplit = {{minusInfinity, 0}, {}};
    for (int page = i * splitPages; page < (i + 1) * splitPages && page * pageTokens <= position; ++page) {
      const int seen = position + 1 - page * pageTokens;
      addPageFp32(a.cache, a.cache.head(a.pageOf(a.sequence[token], page), kvHead), q,
                  seen < pageTokens ? seen : pageTokens, ofSplit);
    }
    if (i == split) {
      all = ofSplit;
      continue;
    }
    const MergeFactors f = mergeStates(all.state, ofSplit.state, PowerOfE());
#pragma unroll
    for (int n = 0; n < elementsOfLane; ++n) {
      all.values[n] = mergeValue(all.values[n], ofSplit.values[n], f);
    }
  }
  const int64_t at = (int64_t{token} * a.heads + head) * a.splits + split;
  if (partial && lane == 0) {
    a.partialStates[at] = make_float2(all.state.reference, all.state.total);
  }
  __syncwarp();  // all lanes have read the query
#pragma unroll
  for (int n = 0; n < elementsOfLane; ++n) {
    const int d = lane + 32 * n;
    if (d < dim) {
      if (partial) {
        a.partialValues[at * dim + d] = all.values[n];
      } else {
        q[d] = all.values[n] / all.state.total;
      }
    }
  }
  __syncwarp();
  if (partial) {
    return;
  }
  float4 x[2];
#pragma unroll
  for (int n = 0; n < 2; ++n) {
    const int d = 128 * n + 4 * lane;
    x[n] = d < dim ? *reinterpret_cast<const float4 *>(q + d) : make_float4(0, 0, 0, 0);
  }
  writeColumns(a, token, head * dim, x, dim);
  __syncwarp();  // all lanes have read the result
}

// Warps (token of a key/value head, query head of it), and all splits each, where `a` has no partials. Else as many
// blocks as the device holds, whose warps take splits until there are no more.
__global__ void __launch_bounds__(32 * fp32Warps, fp32Blocks) attendFp32(Attention a) {
  dependencyWait();
  dependencyTrigger();
  const int warp = static_cast<int>(threadIdx.x / 32);
  float *const q = shared<Fp32Shared>().q[warp];
  const int64_t rows = int64_t{a.tokens} * a.group, step = int64_t{fp32Warps} * gridDim.x;
  for (int64_t index = int64_t{blockIdx.x} * fp32Warps + warp;; index += step) {
    SplitTask task = {0, 0, 0, 0, 0};
    if (a.partialValues != nullptr) {
      task = splitTask(a, static_cast<int>(index), 1, a.heads);
    } else if (index < rows * a.cache.kvHeads) {
      const int r = static_cast<int>(index % rows), kvHead = static_cast<int>(index / rows);
      task = {r / a.group, 1, 0, kvHead * a.group + r % a.group, 0};
    }
    if (task.tokens == 0) {
      return;
    }
    attendRowFp32(a, task.token, task.headTile, task.split, q);
  }
}

}  // namespace gatun::cuda
