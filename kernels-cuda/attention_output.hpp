// attention_output.hpp: the result of attention, as floats or quantised, and the merge of splits that lie in the
// workspace.
#pragma once

#include "attention.hpp"
#include "quantize.hpp"

namespace gatun::cuda {

// Writes columns `column` .. `column` + 3 of a token's result; of 8 lanes that hold a block of 32 all, or none, have
// `there`. All lanes of the warp take part.
__device__ __forceinline__ void writeFour(const Attention &a, int64_t token, int column, const float4 &x, bool there) {
  switch (a.yType) {
    case GK_A8:
    case GK_A16:
    case GK_BF16: {
      uint8_t *const row = static_cast<uint8_t *>(a.y) + token * a.yStride;
      if (a.yType == GK_A8) {
        quantizeBlocks<GK_A8>(x, there ? row + column / 32 * activationBlockBytes<GK_A8> : nullptr);
      } else if (a.yType == GK_A16) {
        quantizeBlocks<GK_A16>(x, there ? row + column / 32 * activationBlockBytes<GK_A16> : nullptr);
      } else {
        quantizeBlocks<GK_BF16>(x, there ? row + column / 32 * activationBlockBytes<GK_BF16> : nullptr);
      }
      return;
    }
    default: {
      float *const to = static_cast<float *>(a.y) + token * a.yStride + column;
      if (!there) {
        return;
      }
      if (reinterpret_cast<uintptr_t>(to) % 16 == 0) {
        *reinterpret_cast<float4 *>(to) = x;
      } else {
        to[0] = x.x, to[1] = x.y, to[2] = x.z, to[3] = x.w;
      }
    }
  }
}

constexpr int mergeThreads = 128;

struct MergeShared {
  float4 columns[mergeThreads / 4];
};

// Merges the splits of every row: a thread a column of a token's result, blocks (columns / 128, token).
template <class Power>
__global__ void __launch_bounds__(mergeThreads) mergeSplits(Attention a) {
  dependencyWait();
  dependencyTrigger();
  auto &s = shared<MergeShared>();
  const int dim = a.cache.headDim, columns = a.heads * dim, blocks = (columns + mergeThreads - 1) / mergeThreads;
  const int token = static_cast<int>(blockIdx.x) / blocks;
  const int first = static_cast<int>(blockIdx.x) % blocks * mergeThreads, thread = static_cast<int>(threadIdx.x);
  const int column = first + thread < columns ? first + thread : columns - 1;
  const int64_t row = (int64_t{token} * a.heads + column / dim) * a.splits;
  const float *const values = a.partialValues + row * dim + column % dim;
  const float2 *const states = a.partialStates + row;
  const int splits = a.positionOf(token) / splitTokens + 1;
  SoftmaxState all = {states[0].x, states[0].y};
  float value = values[0];
#pragma unroll 16
  for (int split = 1; split < splits; ++split) {
    const float2 part = states[split];
    const MergeFactors f = mergeStates(all, {part.x, part.y}, Power());
    value = mergeValue(value, values[int64_t{split} * dim], f);
  }
  reinterpret_cast<float *>(s.columns)[thread] = value / all.total;
  __syncthreads();
  if (thread < 32) {
    writeFour(a, token, first + 4 * thread, s.columns[thread], first + 4 * thread < columns);
  }
}

}  // namespace gatun::cuda
