// route.cu: Route. Bytes moved: 4 experts + 8 k a token; the logits are read k + 3 times, all but once from the caches.
// Operations: about 25 experts a reading. Grid: a block a token. Limit: latency, a barrier and a few shuffles for each
// choice: some 3 us for 8 of 256 experts. The softmax is the CPU's bit for bit, so its ties are too: the sum has 16
// lanes, by expert mod 16.
#include "ops.hpp"
#include "small_ops/exponential.hpp"

namespace gatun::cuda {
namespace {

constexpr int threads = 256, warps = threads / 32, lanes = 16;

struct Shared {
  uint64_t ofWarp[2][warps];
  float sums[lanes];
};

struct Routing {
  const float *logits;
  int64_t logitsStride;
  int32_t experts, k;
  bool normalize;
  int32_t *ids;
  int64_t idsStride;
  float *weights;
  int64_t weightsStride;
};

// The greatest over the block, the same in every thread; `turn` alternates, so that one barrier suffices.
__device__ __forceinline__ uint64_t greatestOfBlock(uint64_t value, int turn) {
  auto &s = shared<Shared>();
  for (int mask = 16; mask > 0; mask /= 2) {
    const uint64_t other = shuffleXor(value, mask);
    value = other > value ? other : value;
  }
  if (threadIdx.x % 32 == 0) {
    s.ofWarp[turn][threadIdx.x / 32] = value;
  }
  __syncthreads();
  for (int warp = 0; warp < warps; ++warp) {
    value = s.ofWarp[turn][warp] > value ? s.ofWarp[turn][warp] : value;
  }
  return value;
}

// Bits whose order is the order of the numbers; NaN comes first or last.
__device__ __forceinline__ uint32_t ordered(float x) {
  const auto bits = bitsAs<uint32_t>(x);
  return bits ^ (bits >> 31 != 0 ? 0xffffffffu : 0x80000000u);
}
__device__ __forceinline__ float unordered(uint32_t bits) {
  return bitsAs<float>(bits ^ (bits >> 31 != 0 ? 0x80000000u : 0xffffffffu));
}

__device__ __forceinline__ float sumOfExponentials(const float *logits, int experts, float greatest) {
  auto &s = shared<Shared>();
  if (threadIdx.x < lanes) {
    float sum = 0;
#pragma unroll 8
    for (int e = static_cast<int>(threadIdx.x); e < experts; e += lanes) {
      sum += exponential(logits[e] - greatest);
    }
    s.sums[threadIdx.x] = sum;
  }
  __syncthreads();
  float sums[lanes];
  for (int i = 0; i < lanes; ++i) {
    sums[i] = s.sums[i];
  }
#pragma unroll
  for (int apart = lanes / 2; apart > 0; apart /= 2) {
#pragma unroll
    for (int i = 0; i < lanes / 2; ++i) {
      sums[i] = i < apart ? sums[i] + sums[i + apart] : sums[i];
    }
  }
  return sums[0];
}

__global__ void __launch_bounds__(threads) routeTokens(Routing r) {
  dependencyWait();
  dependencyTrigger();
  const int64_t token = blockIdx.x;
  const float *const logits = r.logits + token * r.logitsStride;
  const int mine = static_cast<int>(threadIdx.x);
  uint64_t greatest = 0;
  for (int e = mine; e < r.experts; e += threads) {
    const uint64_t here = logits[e] == logits[e] ? ordered(logits[e]) : 0;  // one NaN makes the sum NaN anyhow
    greatest = here > greatest ? here : greatest;
  }
  const float shift = unordered(static_cast<uint32_t>(greatestOfBlock(greatest, 0)));
  const float all = sumOfExponentials(logits, r.experts, shift);
  const auto probability = [&](int e) { return exponential(logits[e] - shift) / all; };
  // Each choice is the greatest key below the last; where probabilities are no numbers, ids ascend.
  int32_t *const ids = r.ids + token * r.idsStride;
  float *const weights = r.weights + token * r.weightsStride;
  uint64_t last = ~uint64_t{0};
  float total = 0;
  for (int j = 0; j < r.k; ++j) {
    uint64_t best = 0;
    for (int e = mine; e < r.experts; e += threads) {
      const float p = probability(e);
      const uint64_t key = static_cast<uint64_t>(p >= 0 ? bitsAs<uint32_t>(p) : 0) << 32 | ~static_cast<uint32_t>(e);
      best = key < last && key > best ? key : best;
    }
    last = greatestOfBlock(best, (j + 1) % 2);
    const auto id = static_cast<int32_t>(~static_cast<uint32_t>(last));
    const float weight = probability(id);
    total += weight;
    if (mine == 0) {
      ids[j] = id;
      weights[j] = weight;
    }
  }
  __syncthreads();
  for (int j = mine; r.normalize && j < r.k; j += threads) {
    weights[j] /= total;
  }
}

}  // namespace

void route(const Queue &queue, const gk_tensor &logits, bool normalize, const gk_tensor &ids,
           const gk_tensor &weights) {
  if (logits.rows == 0) {
    return;
  }
  const Routing routing = {static_cast<const float *>(logits.data),
                           logits.stride,
                           static_cast<int32_t>(logits.cols),
                           static_cast<int32_t>(ids.cols),
                           normalize,
                           static_cast<int32_t *>(ids.data),
                           ids.stride,
                           static_cast<float *>(weights.data),
                           weights.stride};
  launch(queue, {gridOf(logits.rows), threads, sizeof(Shared)}, routeTokens, routing);
}

}  // namespace gatun::cuda
