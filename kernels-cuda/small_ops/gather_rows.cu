// gather_rows.cu: GatherRows. Bytes moved: 8 cols a row wanted. No arithmetic. Grid: a block for each 1,024 columns of
// a row. Limit: the latency of one read and one write.
#include "ops.hpp"

namespace gatun::cuda {
namespace {

constexpr int threads = 256, perThread = 4;

struct Gather {
  const float *x;
  int64_t xRows, xStride;
  const int32_t *rows;
  float *y;
  int64_t yStride;
  int32_t cols, chunks;
};

__global__ void __launch_bounds__(threads) gatherRowChunks(Gather g) {
  dependencyWait();
  dependencyTrigger();
  const int64_t row = blockIdx.x / static_cast<unsigned>(g.chunks);
  const int64_t from = g.rows[row];
  if (from < 0 || from >= g.xRows) {
    return;
  }
  const int begin = static_cast<int>(blockIdx.x % static_cast<unsigned>(g.chunks)) * threads * perThread;
#pragma unroll
  for (int j = 0; j < perThread; ++j) {
    const int i = begin + j * threads + static_cast<int>(threadIdx.x);
    if (i < g.cols) {
      g.y[row * g.yStride + i] = g.x[from * g.xStride + i];
    }
  }
}

}  // namespace

void gatherRows(const Queue &queue, const gk_tensor &x, const gk_tensor &rows, const gk_tensor &y) {
  if (y.rows == 0) {
    return;
  }
  const int64_t chunks = ceilDiv(x.cols, threads * perThread);
  const Gather gather = {static_cast<const float *>(x.data),
                         x.rows,
                         x.stride,
                         static_cast<const int32_t *>(rows.data),
                         static_cast<float *>(y.data),
                         y.stride,
                         static_cast<int32_t>(x.cols),
                         static_cast<int32_t>(chunks)};
  launch(queue, {gridOf(y.rows * chunks), threads}, gatherRowChunks, gather);
}

}  // namespace gatun::cuda
