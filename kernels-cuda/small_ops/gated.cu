// gated.cu: y = silu(gate) * up, as floats or quantised. Reads 8 bytes an element and writes 4, 2.4, 2 or 1.25; one
// exponential and one division each. Grid: a block for each 1,024 columns of a row. Limit: memory.
#include "ops.hpp"
#include "small_ops/gated.hpp"
#include "small_ops/quantize.hpp"

namespace gatun::cuda {
namespace {

constexpr int threads = 256;
constexpr int chunkCols = 4 * threads;

struct Rows {
  const float *gate, *up;
  int64_t gateStride, upStride;
  void *y;
  int64_t yStride;  // elements; bytes where quantised
  int32_t cols, chunks;
};

// Vector: columns may be read, and floats written, four at a time.
template <int32_t Y, bool Vector>
__global__ void __launch_bounds__(threads) gateChunks(Rows rows) {
  dependencyWait();
  dependencyTrigger();
  const int64_t row = blockIdx.x / static_cast<unsigned>(rows.chunks);
  const int chunk = static_cast<int>(blockIdx.x % static_cast<unsigned>(rows.chunks));
  const int i = chunk * chunkCols + 4 * static_cast<int>(threadIdx.x);
  const float *const gate = rows.gate + row * rows.gateStride + i, *const up = rows.up + row * rows.upStride + i;
  float v[4] = {0, 0, 0, 0};
  if constexpr (Vector) {
    if (i < rows.cols) {
      const float4 g = *reinterpret_cast<const float4 *>(gate), u = *reinterpret_cast<const float4 *>(up);
      v[0] = gated(g.x, u.x), v[1] = gated(g.y, u.y), v[2] = gated(g.z, u.z), v[3] = gated(g.w, u.w);
    }
  } else {
    for (int e = 0; e < 4 && i + e < rows.cols; ++e) {
      v[e] = gated(gate[e], up[e]);
    }
  }
  if constexpr (Y != GK_F32) {
    uint8_t *const y = static_cast<uint8_t *>(rows.y) + row * rows.yStride + i / 32 * activationBlockBytes<Y>;
    quantizeBlocks<Y>(make_float4(v[0], v[1], v[2], v[3]), i < rows.cols ? y : nullptr);
  } else {
    float *const y = static_cast<float *>(rows.y) + row * rows.yStride + i;
    if constexpr (Vector) {
      if (i < rows.cols) {
        *reinterpret_cast<float4 *>(y) = make_float4(v[0], v[1], v[2], v[3]);
      }
    } else {
      for (int e = 0; e < 4 && i + e < rows.cols; ++e) {
        y[e] = v[e];
      }
    }
  }
}

}  // namespace

void gated(const Queue &queue, const gk_tensor &gate, const gk_tensor &up, const gk_tensor &y) {
  if (y.rows == 0) {
    return;
  }
  const int64_t chunks = ceilDiv(y.cols, chunkCols);
  Rows rows = {static_cast<const float *>(gate.data),
               static_cast<const float *>(up.data),
               gate.stride,
               up.stride,
               y.data,
               y.stride,
               static_cast<int32_t>(y.cols),
               static_cast<int32_t>(chunks)};
  const bool vector = (y.cols | gate.stride | up.stride | (y.dtype == GK_F32 ? y.stride : 0)) % 4 == 0;
  const auto start = [&]<int32_t Y>() {
    if constexpr (Y != GK_F32) {
      rows.yStride = y.cols / GK_ACTIVATION_BLOCK * activationBlockBytes<Y>;
    }
    launch(queue, {gridOf(y.rows * chunks), threads}, vector ? gateChunks<Y, true> : gateChunks<Y, false>, rows);
  };
  switch (y.dtype) {
    case GK_A8:
      return start.template operator()<GK_A8>();
    case GK_A16:
      return start.template operator()<GK_A16>();
    case GK_BF16:
      return start.template operator()<GK_BF16>();
    default:
      return start.template operator()<GK_F32>();
  }
}

}  // namespace gatun::cuda
