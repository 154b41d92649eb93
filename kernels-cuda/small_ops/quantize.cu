// quantize.cu: activations to one or two int8 digits in blocks of 32, or to bfloat16. Reads 4 bytes an element and
// writes 1.25, 2.4 or 2; about 12 operations an element, or 20. Grid: a block for each 1,024 columns of a row. Limit:
// memory; for a few rows latency.
#include "ops.hpp"
#include "small_ops/quantize.hpp"

namespace gatun::cuda {
namespace {

constexpr int threads = 256;
constexpr int chunkCols = 4 * threads;

struct Rows {
  const float *x;
  int64_t stride;
  uint8_t *y;
  int32_t cols, chunks;
};

// Vector: a row's columns may be read four at a time.
template <int32_t Y, bool Vector>
__global__ void __launch_bounds__(threads) quantizeChunks(Rows rows) {
  dependencyWait();
  dependencyTrigger();
  const int64_t row = blockIdx.x / static_cast<unsigned>(rows.chunks);
  const int chunk = static_cast<int>(blockIdx.x % static_cast<unsigned>(rows.chunks));
  const int i = chunk * chunkCols + 4 * static_cast<int>(threadIdx.x);
  const bool there = i < rows.cols;
  float4 v = make_float4(0, 0, 0, 0);
  if (there) {
    const float *const x = rows.x + row * rows.stride + i;
    if constexpr (Vector) {
      v = *reinterpret_cast<const float4 *>(x);
    } else {
      v = make_float4(x[0], x[1], x[2], x[3]);
    }
  }
  uint8_t *const y =
      rows.y + (row * (rows.cols / GK_ACTIVATION_BLOCK) + i / GK_ACTIVATION_BLOCK) * activationBlockBytes<Y>;
  quantizeBlocks<Y>(v, there ? y : nullptr);
}

template <int32_t Y>
void start(const Queue &queue, const gk_tensor &x, void *y) {
  const int64_t chunks = ceilDiv(x.cols, chunkCols);
  const Rows rows = {static_cast<const float *>(x.data), x.stride, static_cast<uint8_t *>(y),
                     static_cast<int32_t>(x.cols), static_cast<int32_t>(chunks)};
  launch(queue, {gridOf(x.rows * chunks), threads},
         x.stride % 4 == 0 ? quantizeChunks<Y, true> : quantizeChunks<Y, false>, rows);
}

}  // namespace

void quantize(const Queue &queue, const gk_tensor &x, const gk_tensor &y) {
  if (x.rows == 0) {
    return;
  }
  switch (y.dtype) {
    case GK_A8:
      return start<GK_A8>(queue, x, y.data);
    case GK_A16:
      return start<GK_A16>(queue, x, y.data);
    default:
      return start<GK_BF16>(queue, x, y.data);
  }
}

}  // namespace gatun::cuda
