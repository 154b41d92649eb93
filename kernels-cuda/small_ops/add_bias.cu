// add_bias.cu: AddBias. Bytes moved: 8 an element, and the bias from the L2 cache. Operations: one an element. Grid: a
// block for each 1,024 columns of a row. Limit: memory; for a few rows the latency of two reads.
#include "ops.hpp"

namespace gatun::cuda {
namespace {

constexpr int threads = 256, perThread = 4;

struct Rows {
  float *x;
  int64_t stride;
  const float *bias;
  int32_t cols, chunks;
};

__global__ void __launch_bounds__(threads) addBiasChunks(Rows rows) {
  dependencyWait();
  dependencyTrigger();
  const int64_t row = blockIdx.x / static_cast<unsigned>(rows.chunks);
  const int begin = static_cast<int>(blockIdx.x % static_cast<unsigned>(rows.chunks)) * threads * perThread;
#pragma unroll
  for (int j = 0; j < perThread; ++j) {
    const int i = begin + j * threads + static_cast<int>(threadIdx.x);
    if (i < rows.cols) {
      rows.x[row * rows.stride + i] += rows.bias[i];
    }
  }
}

}  // namespace

void addBias(const Queue &queue, const gk_tensor &x, const float *bias) {
  if (x.rows == 0) {
    return;
  }
  const int64_t chunks = ceilDiv(x.cols, threads * perThread);
  const Rows rows = {static_cast<float *>(x.data), x.stride, bias, static_cast<int32_t>(x.cols),
                     static_cast<int32_t>(chunks)};
  launch(queue, {gridOf(x.rows * chunks), threads}, addBiasChunks, rows);
}

}  // namespace gatun::cuda
