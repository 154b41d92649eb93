// rms_norm.cu: RmsNorm, AddRmsNorm; the result as floats or quantised.
//
// Bytes moved: a row is read once from memory and again from the L1 cache, and written once: 8 cols, 16 cols with the
// addition; 2.75 cols fewer as GK_A8, 1.6 as GK_A16, 2 as GK_BF16. Operations: 4 cols a row, 5 with the addition. Grid:
// a block a row. Limit: memory; for a few rows the latency of two reads and a barrier. The sum of squares depends on
// cols alone: a thread adds its groups of four columns, lanes and then warps are added.
#include "ops.hpp"
#include "small_ops/quantize.hpp"

namespace gatun::cuda {
namespace {

constexpr int maxThreads = 1024;

struct Norm {
  float *x;
  int64_t xStride;
  const float *delta;  // NULL: nothing to add to x
  int64_t deltaStride;
  const float *weight;
  float eps;
  int32_t cols;
  void *y;
  int64_t yStride;  // elements; bytes where quantised
};

struct Shared {
  float squares[maxThreads / 32];
};

// Columns i .. i + 3 of a row, zero past its end; Vector: they are there and aligned.
template <bool Vector>
__device__ __forceinline__ float4 load(const float *row, int i, int cols) {
  if constexpr (Vector) {
    return *reinterpret_cast<const float4 *>(row + i);
  } else {
    return make_float4(i < cols ? row[i] : 0, i + 1 < cols ? row[i + 1] : 0, i + 2 < cols ? row[i + 2] : 0,
                       i + 3 < cols ? row[i + 3] : 0);
  }
}

template <bool Vector>
__device__ __forceinline__ void store(float *row, int i, int cols, const float4 &v) {
  if constexpr (Vector) {
    *reinterpret_cast<float4 *>(row + i) = v;
  } else {
    if (i < cols) row[i] = v.x;
    if (i + 1 < cols) row[i + 1] = v.y;
    if (i + 2 < cols) row[i + 2] = v.z;
    if (i + 3 < cols) row[i + 3] = v.w;
  }
}

// This thread's part of the sum of squares; adds delta on the way.
template <bool Vector>
__device__ __forceinline__ float addAndSquare(const Norm &norm, float *x, int64_t row) {
  float squares = 0;
  for (int i = 4 * static_cast<int>(threadIdx.x); i < norm.cols; i += 4 * static_cast<int>(blockDim.x)) {
    float4 v = load<Vector>(x, i, norm.cols);
    if (norm.delta != nullptr) {
      const float4 d = load<Vector>(norm.delta + row * norm.deltaStride, i, norm.cols);
      v = make_float4(v.x + d.x, v.y + d.y, v.z + d.z, v.w + d.w);
      store<Vector>(x, i, norm.cols, v);
    }
    squares = fmaf(v.x, v.x, squares);
    squares = fmaf(v.y, v.y, squares);
    squares = fmaf(v.z, v.z, squares);
    squares = fmaf(v.w, v.w, squares);
  }
  return squares;
}

// The sum over the block, the same in every thread.
__device__ __forceinline__ float sumOfBlock(float value) {
  auto &s = shared<Shared>();
  for (int mask = 16; mask > 0; mask /= 2) {
    value += shuffleXor(value, mask);
  }
  if (threadIdx.x % 32 == 0) {
    s.squares[threadIdx.x / 32] = value;
  }
  __syncthreads();
  float sum = 0;
  for (unsigned warp = 0; warp < blockDim.x / 32; ++warp) {
    sum += s.squares[warp];
  }
  return sum;
}

template <bool Vector, int32_t Y>
__global__ void __launch_bounds__(maxThreads) normRows(Norm norm) {
  dependencyWait();
  dependencyTrigger();
  const int64_t row = blockIdx.x;
  float *const x = norm.x + row * norm.xStride;
  const float squares = sumOfBlock(addAndSquare<Vector>(norm, x, row));
  const float scale = 1.0f / sqrtf(squares / static_cast<float>(norm.cols) + norm.eps);
  // All lanes of a warp take every turn: the quantiser needs them.
  const int step = 4 * static_cast<int>(blockDim.x), mine = 4 * static_cast<int>(threadIdx.x);
  for (int begin = 0; begin < norm.cols; begin += step) {
    const int i = begin + mine;
    float4 v = make_float4(0, 0, 0, 0);
    if (i < norm.cols) {
      const float4 a = load<Vector>(x, i, norm.cols), w = load<Vector>(norm.weight, i, norm.cols);
      v = make_float4(a.x * scale * w.x, a.y * scale * w.y, a.z * scale * w.z, a.w * scale * w.w);
    }
    if constexpr (Y == GK_F32) {
      if (i < norm.cols) {
        store<Vector>(static_cast<float *>(norm.y) + row * norm.yStride, i, norm.cols, v);
      }
    } else {
      uint8_t *const out = static_cast<uint8_t *>(norm.y) + row * norm.yStride;
      quantizeBlocks<Y>(v, i < norm.cols ? out + i / 32 * activationBlockBytes<Y> : nullptr);
    }
  }
}

template <bool Vector>
void start(const Queue &queue, const gk_tensor &y, const LaunchShape &shape, Norm norm) {
  const int64_t blocks = y.cols / GK_ACTIVATION_BLOCK;
  switch (y.dtype) {
    case GK_A8:
      norm.yStride = blocks * activationBlockBytes<GK_A8>;
      return launch(queue, shape, normRows<Vector, GK_A8>, norm);
    case GK_A16:
      norm.yStride = blocks * activationBlockBytes<GK_A16>;
      return launch(queue, shape, normRows<Vector, GK_A16>, norm);
    case GK_BF16:
      norm.yStride = blocks * activationBlockBytes<GK_BF16>;
      return launch(queue, shape, normRows<Vector, GK_BF16>, norm);
    default:
      norm.yStride = y.stride;
      return launch(queue, shape, normRows<Vector, GK_F32>, norm);
  }
}

void normalize(const Queue &queue, const gk_tensor &x, const gk_tensor *delta, const float *weight, float eps,
               const gk_tensor &y) {
  if (x.rows == 0) {
    return;
  }
  const Norm norm = {static_cast<float *>(x.data),
                     x.stride,
                     delta != nullptr ? static_cast<const float *>(delta->data) : nullptr,
                     delta != nullptr ? delta->stride : 0,
                     weight,
                     eps,
                     static_cast<int32_t>(x.cols),
                     y.data,
                     0};
  // As few turns as the largest block allows, and as few threads as those turns need.
  const int64_t groups = ceilDiv(x.cols, 4), turns = ceilDiv(groups, maxThreads);
  const int64_t threads = ceilDiv(ceilDiv(groups, turns), 32) * 32;
  const LaunchShape shape = {gridOf(x.rows), static_cast<unsigned>(threads), sizeof(Shared)};
  const int64_t strides = x.cols | x.stride | norm.deltaStride | (y.dtype == GK_F32 ? y.stride : 0);
  if (strides % 4 == 0 && reinterpret_cast<uintptr_t>(weight) % 16 == 0) {
    start<true>(queue, y, shape, norm);
  } else {
    start<false>(queue, y, shape, norm);
  }
}

}  // namespace

void rmsNorm(const Queue &queue, const gk_tensor &x, const float *weight, float eps, const gk_tensor &y) {
  normalize(queue, x, nullptr, weight, eps, y);
}

void addRmsNorm(const Queue &queue, const gk_tensor &residual, const gk_tensor &delta, const float *weight, float eps,
                const gk_tensor &y) {
  normalize(queue, residual, &delta, weight, eps, y);
}

}  // namespace gatun::cuda
