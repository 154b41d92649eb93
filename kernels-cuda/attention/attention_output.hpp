// attention_output.hpp: the result of attention, as floats or quantised, and the merge of splits that lie in the
// workspace.
#pragma once

#include "attention/attention.hpp"
#include "small_ops/quantize.hpp"

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

// x and y become their sum and difference.
__device__ __forceinline__ void butterfly(float &x, float &y) {
  const float a = x, b = y;
  x = a + b;
  y = a - b;
}

// The orthonormal Walsh-Hadamard matrix of `length`, a power of two from 32, times runs of as many columns: lane's four
// from 4 lane of each 128 (one or two: 256 takes two). Sums of neighbours first, as RopeStore's. All lanes take part.
template <int Parts>
__device__ __forceinline__ void undoSpread(float4 (&x)[Parts], int length) {
  const int lane = static_cast<int>(threadIdx.x % 32);
  const float scale = 1.0f / sqrtf(static_cast<float>(length));
#pragma unroll
  for (int n = 0; n < Parts; ++n) {
    butterfly(x[n].x, x[n].y);
    butterfly(x[n].z, x[n].w);
    butterfly(x[n].x, x[n].z);
    butterfly(x[n].y, x[n].w);
    const auto exchange = [&](float &mine, int mask) {
      const float other = shuffleXor(mine, mask);
      mine = (lane & mask) == 0 ? mine + other : other - mine;
    };
#pragma unroll 1
    for (int mask = 1; mask < 32 && 4 * mask < length; mask *= 2) {
      exchange(x[n].x, mask);
      exchange(x[n].y, mask);
      exchange(x[n].z, mask);
      exchange(x[n].w, mask);
    }
  }
  if constexpr (Parts == 2) {
    if (length == 256) {
      butterfly(x[0].x, x[1].x);
      butterfly(x[0].y, x[1].y);
      butterfly(x[0].z, x[1].z);
      butterfly(x[0].w, x[1].w);
    }
  }
#pragma unroll
  for (int n = 0; n < Parts; ++n) {
    x[n] = make_float4(x[n].x * scale, x[n].y * scale, x[n].z * scale, x[n].w * scale);
  }
}

// Writes columns `column` .. `column` + count - 1 of a token's result, a multiple of 128 or a head: lane's four from
// 4 lane of each 128.
template <int Parts>
__device__ __forceinline__ void writeColumns(const Attention &a, int64_t token, int column, float4 (&x)[Parts],
                                             int count) {
  if (spreadsValues(a.cache.valueType)) {
    undoSpread(x, a.cache.headDim & -a.cache.headDim);
  }
#pragma unroll
  for (int n = 0; n < Parts; ++n) {
    const int at = 128 * n + 4 * static_cast<int>(threadIdx.x % 32);
    if (128 * n < count) {
      writeFour(a, token, column + at, x[n], at < count);
    }
  }
}

// A thread a column, and the run of columns that the Walsh-Hadamard matrix multiplies in one block.
constexpr int mergeThreads = 128, mergeMostThreads = 256;
inline int mergeThreadsOf(const CachePages &cache) {
  return spreadsValues(cache.valueType) && cache.headDim == mergeMostThreads ? mergeMostThreads : mergeThreads;
}

struct MergeShared {
  float4 columns[mergeMostThreads / 4];
};

// Merges the splits of every row, and writes zeros to those of padding: blocks (columns of a token's result / threads,
// token).
template <class Power>
__global__ void __launch_bounds__(mergeMostThreads) mergeSplits(Attention a) {
  dependencyWait();
  dependencyTrigger();
  auto &s = shared<MergeShared>();
  const int dim = a.valueDim, columns = a.heads * dim;
  const int threads = static_cast<int>(blockDim.x), blocks = (columns + threads - 1) / threads;
  const int token = static_cast<int>(blockIdx.x) / blocks;
  const int first = static_cast<int>(blockIdx.x) % blocks * threads, thread = static_cast<int>(threadIdx.x);
  const int column = first + thread < columns ? first + thread : columns - 1;
  const int64_t row = (int64_t{token} * a.heads + column / dim) * a.splits;
  const float *const values = a.partialValues + row * dim + column % dim;
  const float2 *const states = a.partialStates + row;
  const int splits = a.isPadding(token) ? 0 : a.positionOf(token) / splitTokens + 1;
  SoftmaxState all = {0, 1};
  float value = 0;  // of padding
  if (splits > 0) {
    all = {states[0].x, states[0].y};
    value = values[0];
  }
#pragma unroll 16
  for (int split = 1; split < splits; ++split) {
    const float2 partial = states[split];
    const MergeFactors f = mergeStates(all, {partial.x, partial.y}, Power());
    value = mergeValue(value, values[int64_t{split} * dim], f);
  }
  reinterpret_cast<float *>(s.columns)[thread] = value / all.total;
  __syncthreads();
  if (thread < 32) {
    float4 x[2] = {s.columns[thread], make_float4(0, 0, 0, 0)};
    if (threads == mergeMostThreads) {
      x[1] = s.columns[32 + thread];
    }
    writeColumns(a, token, first, x, columns - first < threads ? columns - first : threads);
  }
}

}  // namespace gatun::cuda
