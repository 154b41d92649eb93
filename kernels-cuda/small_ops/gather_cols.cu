// gather_cols.cu: activations in the column order of act-order weights. Reads and writes 4 bytes an element, and 4 of
// the order, which stays in the L2 cache; a read touches 32 bytes, so x comes from the caches too. Grid: a block for
// each 1,024 columns of a row. Limit: the L2 cache; for a few rows latency.
#include "ops.hpp"

namespace gatun::cuda {
namespace {

constexpr int threads = 256, perThread = 4;

struct Gather {
  const float *x;
  int64_t xStride;
  const int32_t *order;
  float *y;
  int64_t yStride;
  int32_t xCols, cols, chunks;
};

__global__ void __launch_bounds__(threads) gatherColChunks(Gather g) {
  dependencyWait();
  dependencyTrigger();
  const int64_t row = blockIdx.x / static_cast<unsigned>(g.chunks);
  const int begin = static_cast<int>(blockIdx.x % static_cast<unsigned>(g.chunks)) * threads * perThread;
#pragma unroll
  for (int j = 0; j < perThread; ++j) {
    const int i = begin + j * threads + static_cast<int>(threadIdx.x);
    const int from = i < g.cols ? g.order[i] : -1;
    if (from >= 0 && from < g.xCols) {
      g.y[row * g.yStride + i] = g.x[row * g.xStride + from];
    }
  }
}

}  // namespace

void gatherCols(const Queue &queue, const gk_tensor &x, const gk_tensor &order, const gk_tensor &y) {
  if (x.rows == 0) {
    return;
  }
  const int64_t chunks = ceilDiv(y.cols, threads * perThread);
  const Gather gather = {static_cast<const float *>(x.data),
                         x.stride,
                         static_cast<const int32_t *>(order.data),
                         static_cast<float *>(y.data),
                         y.stride,
                         static_cast<int32_t>(x.cols),
                         static_cast<int32_t>(y.cols),
                         static_cast<int32_t>(chunks)};
  launch(queue, {gridOf(x.rows * chunks), threads}, gatherColChunks, gather);
}

}  // namespace gatun::cuda
