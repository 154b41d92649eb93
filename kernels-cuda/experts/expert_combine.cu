// expert_combine.cu: the weighted sum over a token's experts, in ascending j, and what all tokens share. Reads 4 bytes
// a (token, expert, column), 4 a (token, column) of what is shared, and writes 4 a (token, column). Grid: a block for
// each 256 columns of a token. Limit: memory; for one token, latency.
#include "ops.hpp"

namespace gatun::cuda {
namespace {

constexpr int threads = 256;

struct Combination {
  const float *x;
  int64_t xStride;
  const float *weights;
  int64_t weightStride;
  const float *shared;  // or NULL
  int64_t sharedStride;
  float *y;
  int64_t yStride;
  int32_t k, cols, chunks;
};

__global__ void __launch_bounds__(threads) combineChunks(Combination c) {
  dependencyWait();
  dependencyTrigger();
  const int64_t token = blockIdx.x / static_cast<unsigned>(c.chunks);
  const int i =
      static_cast<int>(blockIdx.x % static_cast<unsigned>(c.chunks)) * threads + static_cast<int>(threadIdx.x);
  if (i >= c.cols) {
    return;
  }
  const float *const x = c.x + token * c.k * c.xStride + i, *const weights = c.weights + token * c.weightStride;
  float total = 0;
#pragma unroll 8
  for (int j = 0; j < c.k; ++j) {
    total = fmaf(weights[j], x[j * c.xStride], total);
  }
  if (c.shared != nullptr) {
    total += c.shared[token * c.sharedStride + i];
  }
  c.y[token * c.yStride + i] = total;
}

}  // namespace

void expertCombine(const Queue &queue, const gk_tensor &x, const gk_tensor &weights, const gk_tensor *shared,
                   const gk_tensor &y) {
  if (y.rows == 0) {
    return;
  }
  const int64_t chunks = ceilDiv(y.cols, threads);
  const Combination combination = {static_cast<const float *>(x.data),
                                   x.stride,
                                   static_cast<const float *>(weights.data),
                                   weights.stride,
                                   shared != nullptr ? static_cast<const float *>(shared->data) : nullptr,
                                   shared != nullptr ? shared->stride : 0,
                                   static_cast<float *>(y.data),
                                   y.stride,
                                   static_cast<int32_t>(weights.cols),
                                   static_cast<int32_t>(y.cols),
                                   static_cast<int32_t>(chunks)};
  launch(queue, {gridOf(y.rows * chunks), threads}, combineChunks, combination);
}

}  // namespace gatun::cuda
