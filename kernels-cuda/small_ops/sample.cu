// sample.cu: Sample, by one block a row; whatever the chain, the token is the CPU's.
//
// Bytes moved: 4 limit a pass over the row, and limit / 8 of its mask, from memory in the first, then from the L2
// cache. Passes: one for the greatest logit; two for a cut of the whole row (a histogram, then the few candidates at
// and above its bin where the cut falls); none once at most 2,048 candidates are left, which are ranked in shared
// memory. More only where more candidates than that are left. Operations: about 10 a logit and pass, 40 where it
// weighs. Limit: one multiprocessor, its L2 bandwidth and instructions: by count 5 to 10 us a pass over 152,064 logits,
// hence about 25 us for a chain that begins with top-k and 40 for one that begins with top-p.
#include "ops.hpp"
#include "small_ops/candidates.hpp"

namespace gatun::cuda {
namespace {

using namespace candidates;

__device__ __forceinline__ void keepLikely(Candidates &c, float logarithm) {
  auto &s = shared<Shared>();
  const float least = c.greatest + fminf(logarithm, 0);  // whatever was asked for, the greatest stays
  c.ranked = true;
  if (c.listed < 0) {
    const uint64_t lowest = draw::key(least, draw::idMask);
    c.floor = lowest > c.floor ? lowest : c.floor;
    return;
  }
  const auto kept = [&](int i) -> uint64_t { return i < c.listed && draw::logitOf(s.list[i]) >= least ? 1 : 0; };
  uint64_t count;
  runningSum(kept(2 * thread()) + kept(2 * thread() + 1), &count);
  c.listed = static_cast<int32_t>(count);
}

__device__ __forceinline__ void divide(Candidates &c, float temperature) {
  auto &s = shared<Shared>();
  c.temperature = temperature;
  c.greatest /= temperature;
  c.floorBefore = c.floor;
  c.floor = 0;
  if (c.listed < 0) {
    return;
  }
  __syncthreads();  // the list has been read
  for (int i = thread(); i < c.listed; i += threads) {
    const uint64_t key = s.list[i];
    s.list[i] = draw::key(draw::logitOf(key) / temperature, static_cast<uint32_t>(draw::idOf(key)));
  }
  rankList(c.listed);  // what was unequal may have become equal
}

struct Drawn {
  int32_t token;
  uint64_t weight, total;
};

// The draw where nothing was cut: ids ascend, a warp adds up a part of them, and the part that holds the draw is parted
// again.
__device__ __forceinline__ Drawn drawById(const Candidates &c, const gk_sampling &sampling) {
  auto &s = shared<Shared>();
  int begin = 0, end = c.limit;
  uint64_t rest = 0, total = 0, sum = 0;
  do {
    const int part = (end - begin + warps - 1) / warps, from = begin + warp() * part;
    const int to = from + part < end ? from + part : end;
    sum = 0;
    forLogits<32>(c, from + lane(), to, [&](int, float logit) { sum += weight(c, logit / c.temperature); });
    for (int mask = 16; mask > 0; mask /= 2) {
      sum += shuffleXor(sum, mask);
    }
    __syncthreads();  // what was there has been read
    if (lane() == 0) {
      s.ofWarp[warp()] = sum;
    }
    __syncthreads();
    if (total == 0) {
      for (int w = 0; w < warps; ++w) {
        total += s.ofWarp[w];
      }
      rest = draw::target(sampling, total);
    }
    int w = 0;
    for (; rest >= s.ofWarp[w]; ++w) {
      rest -= s.ofWarp[w];
    }
    sum = s.ofWarp[w];
    begin += w * part;
    end = begin + part < end ? begin + part : end;
  } while (end - begin > 1);
  return {begin, sum, total};
}

// The greatest logit; NaN where one is no number to draw from.
__device__ __forceinline__ float greatestLogit(const Candidates &c) {
  float greatest = -INFINITY;
  bool numbers = true;
  forEach(c, [&](uint32_t, float logit) {
    greatest = fmaxf(greatest, logit);
    numbers = numbers && logit < INFINITY;
  });
  const uint64_t key = greatestOfBlock(numbers ? draw::key(greatest, 0) : ~uint64_t{0});
  return key == ~uint64_t{0} ? NAN : draw::logitOf(key);
}

// The first id whose logit is the greatest.
__device__ __forceinline__ int32_t greedy(const Candidates &c) {
  uint64_t greatest = 0;
  forEach(c, [&](uint32_t id, float logit) {
    const uint64_t key = logit == c.greatest ? draw::key(logit, id) : 0;
    greatest = key > greatest ? key : greatest;
  });
  return draw::idOf(greatestOfBlock(greatest));
}

// What a stage's cut or, past the last, the draw looks for among candidates of that total.
__device__ __forceinline__ uint64_t wanted(const gk_sampling &sampling, int32_t stage, uint64_t total) {
  const auto k = static_cast<uint64_t>(sampling.top_k);
  switch (stage) {
    case GK_STAGE_TOP_K:
      return k < total ? k : total;
    case GK_STAGE_TOP_P:
      return draw::massOf(sampling.top_p, total);
    default:
      return draw::target(sampling, total) + 1;
  }
}

__device__ __forceinline__ bool active(const gk_sampling &sampling, int32_t stage) {
  switch (stage) {
    case GK_STAGE_TOP_K:
      return sampling.top_k > 0;
    case GK_STAGE_TOP_P:
      return sampling.top_p < 1;
    case GK_STAGE_MIN_P:
      return sampling.min_p > -INFINITY;
    default:
      return stage == GK_STAGE_TEMPERATURE;
  }
}

__device__ __forceinline__ Drawn drawRow(Candidates &c, const gk_sampling &sampling) {
  c.greatest = greatestLogit(c);
#pragma unroll 1
  for (int i = 0;; ++i) {
    if (!(c.greatest < INFINITY) || c.greatest == -INFINITY) {
      return {c.greatest == -INFINITY ? GK_ALL_BANNED : GK_NOT_A_NUMBER, 0, 1};
    }
    if (!(sampling.temperature > 0)) {
      return {greedy(c), 1, 1};
    }
    const bool last = i == draw::stages;
    const int32_t stage = last ? GK_STAGE_END : draw::stage(sampling, i);
    if (last && !c.ranked) {
      return drawById(c, sampling);
    }
    if (!last && !active(sampling, stage)) {
      continue;
    }
    if (stage == GK_STAGE_MIN_P) {
      keepLikely(c, sampling.min_p);
    } else if (stage == GK_STAGE_TEMPERATURE) {
      divide(c, sampling.temperature);
    } else {
      const Found found =
          find(c, stage != GK_STAGE_TOP_K, [&](uint64_t total) { return wanted(sampling, stage, total); });
      if (last) {
        return {draw::idOf(found.key), weight(c, draw::logitOf(found.key)), found.total};
      }
      c.ranked = true;
      c.listed = c.listed >= 0 ? found.index + 1 : -1;
      c.floor = found.key;
    }
  }
}

struct Step {
  const float *logits;
  int64_t stride;
  int32_t cols;
  const gk_sampling *sampling;
  const uint32_t *masks;
  int64_t maskStride;
  int64_t maskRows;
  int32_t *tokens;
  float *probabilities;
};

__global__ void __launch_bounds__(threads) sampleRows(Step step) {
  dependencyWait();
  dependencyTrigger();
  const gk_sampling &sampling = step.sampling[blockIdx.x];
  Candidates c;
  c.logits = step.logits + blockIdx.x * step.stride;
  const int32_t mask = sampling.mask;
  c.mask = mask >= 0 && mask < step.maskRows ? step.masks + mask * step.maskStride : nullptr;
  c.limit = sampling.limit < 1 ? 1 : sampling.limit < step.cols ? sampling.limit : step.cols;
  const Drawn drawn = drawRow(c, sampling);
  if (thread() == 0) {
    step.tokens[blockIdx.x] = drawn.token;
    if (step.probabilities != nullptr) {
      step.probabilities[blockIdx.x] =
          static_cast<float>(static_cast<double>(drawn.weight) / static_cast<double>(drawn.total));
    }
  }
}

}  // namespace

void sample(const Queue &queue, const gk_tensor &logits, const gk_sampling *sampling, const gk_tensor *masks,
            const gk_tensor &tokens, float *probabilities) {
  if (logits.rows == 0) {
    return;
  }
  const gk_tensor none = {};
  const gk_tensor &rows = masks == nullptr ? none : *masks;
  const Step step = {static_cast<const float *>(logits.data),
                     logits.stride,
                     static_cast<int32_t>(logits.cols),
                     sampling,
                     static_cast<const uint32_t *>(rows.data),
                     rows.stride,
                     rows.rows,
                     static_cast<int32_t *>(tokens.data),
                     probabilities};
  launch(queue, {gridOf(logits.rows), threads, sizeof(Shared)}, sampleRows, step);
}

}  // namespace gatun::cuda
