// route.cu: Route. Bytes moved: 4 experts + 8 k a token; the logits are read twice, and once more for each choice where
// there are more than 256 experts, all but once from the caches. Operations: about 25 an expert and reading. Grid: a
// block a token. Limit: latency, a barrier and a few shuffles for each choice: some 3 us for 8 of 256 experts; groups
// add two barriers. Scores are the CPU's bit for bit, so the choice is too: the sum of a softmax has 16 lanes, by
// expert mod 16; the sum of the chosen is ascending.
#include "ops.hpp"
#include "small_ops/exponential.hpp"

namespace gatun::cuda {
namespace {

constexpr int threads = 256, warps = threads / 32, lanes = 16;

struct Shared {
  uint64_t ofWarp[2][warps];
  float sums[lanes];
  uint32_t ofGroup[maxExpertGroups];  // the order of the groups' sums
  bool stays[maxExpertGroups];
};

struct Routing {
  gk_router router;
  const float *logits;
  int64_t logitsStride;
  int32_t experts, k;
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

// Bits whose order is the order of the numbers, the two zeros being one; what is not a number is 0, below them all.
__device__ __forceinline__ uint32_t ordered(float x) {
  const auto bits = bitsAs<uint32_t>(x + 0.0f);
  return x != x ? 0 : bits ^ (bits >> 31 != 0 ? 0xffffffffu : 0x80000000u);
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

// How logits of a token become scores and ranks.
struct Scores {
  const float *logits;
  const float *bias;
  bool sigmoid;
  float shift, all;  // of the softmax

  __device__ __forceinline__ float score(int e) const {
    return sigmoid ? 1.0f / (1.0f + exponential(0.0f - logits[e])) : exponential(logits[e] - shift) / all;
  }
  __device__ __forceinline__ uint32_t rank(int e) const {
    return ordered(bias != nullptr ? score(e) + bias[e] : score(e));
  }
};

// Which groups stay, in shared memory: a warp finds a group's two greatest ranks, then a thread counts the groups that
// come before its own.
__device__ __forceinline__ void chooseGroups(const Scores &scores, int experts, int groups, int chosen) {
  auto &s = shared<Shared>();
  const int size = experts / groups, lane = static_cast<int>(threadIdx.x % 32);
  for (int g = static_cast<int>(threadIdx.x / 32); g < groups; g += warps) {
    uint32_t best = 0, second = 0;
    for (int i = lane; i < size; i += 32) {
      const uint32_t rank = scores.rank(g * size + i), lower = rank < best ? rank : best;
      best = rank > best ? rank : best;
      second = lower > second ? lower : second;
    }
    for (int mask = 16; mask > 0; mask /= 2) {
      const uint32_t otherBest = shuffleXor(best, mask), otherSecond = shuffleXor(second, mask);
      const uint32_t lower = otherBest < best ? otherBest : best, greater = second > otherSecond ? second : otherSecond;
      best = otherBest > best ? otherBest : best;
      second = lower > greater ? lower : greater;
    }
    if (lane == 0) {
      s.ofGroup[g] = size == 1 ? best : ordered(unordered(best) + unordered(second));
    }
  }
  __syncthreads();
  for (int g = static_cast<int>(threadIdx.x); g < groups; g += threads) {
    int before = 0;
    for (int other = 0; other < groups; ++other) {
      before += s.ofGroup[other] > s.ofGroup[g] || (s.ofGroup[other] == s.ofGroup[g] && other < g) ? 1 : 0;
    }
    s.stays[g] = before < chosen;
  }
  __syncthreads();
}

// The 1 lets registers be taken as needed: otherwise 40 are kept to on sm_120, where 52 spill nothing.
__global__ void __launch_bounds__(threads, 1) routeTokens(Routing r) {
  dependencyWait();
  dependencyTrigger();
  const auto &s = shared<Shared>();
  const int64_t token = blockIdx.x;
  const int mine = static_cast<int>(threadIdx.x), groupSize = r.experts / r.router.groups;
  Scores scores = {r.logits + token * r.logitsStride, r.router.bias, r.router.scoring == GK_SCORING_SIGMOID, 0, 1};
  if (!scores.sigmoid) {
    uint64_t greatest = 0;
    for (int e = mine; e < r.experts; e += threads) {
      const uint64_t here = ordered(scores.logits[e]);  // one that is no number makes the sum none anyhow
      greatest = here > greatest ? here : greatest;
    }
    scores.shift = unordered(static_cast<uint32_t>(greatestOfBlock(greatest, 0)));
    scores.all = sumOfExponentials(scores.logits, r.experts, scores.shift);
  }
  const bool limited = r.router.chosen_groups < r.router.groups;
  if (limited) {
    chooseGroups(scores, r.experts, r.router.groups, r.router.chosen_groups);
  }
  // Each choice is the greatest key below the last; the key of an expert that cannot be chosen is 0.
  const auto keyOf = [&](int e) {
    return e >= r.experts || (limited && !s.stays[e / groupSize])
               ? 0
               : static_cast<uint64_t>(scores.rank(e)) << 32 | ~static_cast<uint32_t>(e);
  };
  const uint64_t first = keyOf(mine);
  int32_t *const ids = r.ids + token * r.idsStride;
  float *const weights = r.weights + token * r.weightsStride;
  uint64_t last = ~uint64_t{0};
  float total = 0;
  for (int j = 0; j < r.k; ++j) {
    uint64_t best = first < last ? first : 0;
    for (int e = mine + threads; e < r.experts; e += threads) {
      const uint64_t key = keyOf(e);
      best = key < last && key > best ? key : best;
    }
    last = greatestOfBlock(best, (j + 1) % 2);
    const auto id = static_cast<int32_t>(~static_cast<uint32_t>(last));
    const float weight = scores.score(id);
    total += weight;
    if (mine == 0) {
      ids[j] = id;
      weights[j] = weight;
    }
  }
  __syncthreads();
  const float divisor = r.router.normalize != 0 ? total + 1e-20f : 1.0f;
  for (int j = mine; j < r.k; j += threads) {
    weights[j] = weights[j] / divisor * r.router.scale;
  }
}

}  // namespace

void route(const Queue &queue, const gk_router &router, const gk_tensor &logits, const gk_tensor &ids,
           const gk_tensor &weights) {
  if (logits.rows == 0) {
    return;
  }
  const Routing routing = {router,
                           static_cast<const float *>(logits.data),
                           logits.stride,
                           static_cast<int32_t>(logits.cols),
                           static_cast<int32_t>(ids.cols),
                           static_cast<int32_t *>(ids.data),
                           ids.stride,
                           static_cast<float *>(weights.data),
                           weights.stride};
  launch(queue, {gridOf(logits.rows), threads, sizeof(Shared)}, routeTokens, routing);
}

}  // namespace gatun::cuda
