// route.cpp: Route. Bytes moved: 4 experts + 8 k a token. Operations: about 20 experts for the scores and experts * k
// comparisons. The sum of the softmax has 16 lanes, by expert mod 16; the sum of the chosen is ascending.
#include "ops.hpp"
#include "simd.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

constexpr float lowest = -__builtin_inff();

struct Routing {
  Pool *pool;
  const gk_router *router;
  const gk_tensor *logits;
  const gk_tensor *ids;
  const gk_tensor *weights;
};

// score (padded, with zeros) = softmax of the logits.
void softmax(float *score, const float *logits, int64_t experts, int64_t padded) {
  for (int64_t i = experts; i < padded; ++i) {
    score[i] = lowest;
  }
  __builtin_memcpy(score, logits, static_cast<size_t>(experts) * sizeof(float));
  F32x16 highest = splat(lowest);
  for (int64_t i = 0; i < padded; i += 16) {
    highest = max(highest, load(score + i));
  }
  const F32x16 shift = splat(maxOf(highest));
  F32x16 total = zero();
  for (int64_t i = 0; i < padded; i += 16) {
    const F32x16 e = exp(load(score + i) - shift);
    total = total + e;
    store(score + i, e);
  }
  const F32x16 all = splat(sum(total));
  for (int64_t i = 0; i < padded; i += 16) {
    store(score + i, load(score + i) / all);
  }
}

void sigmoid(float *score, const float *logits, int64_t experts) {
  for (int64_t i = 0; i < experts; i += 16) {
    const F32x16 one = splat(1.0f);
    store(score + i, one / (one + exp(zero() - load(logits + i, experts - i))));
  }
}

// Where the greatest of `n` is that is not taken, -1 where all are; the first of equals. What is not a number is less
// than all numbers.
int64_t greatest(const float *values, const bool *taken, int64_t n) {
  int64_t best = -1;
  for (int64_t i = 0; i < n; ++i) {
    const bool isNumber = values[i] == values[i];
    if (!taken[i] && (best < 0 || values[i] > values[best] || (isNumber && values[best] != values[best]))) {
      best = i;
    }
  }
  return best;
}

// Takes all experts but those of the router's best groups. sums, spare: one a group.
void leaveGroups(const gk_router &router, const float *rank, bool *taken, int64_t experts, float *sums, bool *spare) {
  const int64_t size = experts / router.groups;
  for (int64_t g = 0; g < router.groups; ++g) {
    const int64_t first = g * size, best = first + greatest(rank + first, taken + first, size);
    taken[best] = true;
    const int64_t second = greatest(rank + first, taken + first, size);
    taken[best] = false;
    sums[g] = second < 0 ? rank[best] : rank[best] + rank[first + second];
    spare[g] = false;
  }
  for (int32_t i = 0; i < router.chosen_groups; ++i) {
    spare[greatest(sums, spare, router.groups)] = true;
  }
  for (int64_t e = 0; e < experts; ++e) {
    taken[e] = !spare[e / size];
  }
}

void choose(const Routing &r, int64_t token, const float *score, const float *rank, bool *taken) {
  const int64_t experts = r.logits->cols, k = r.ids->cols;
  int32_t *const ids = static_cast<int32_t *>(r.ids->data) + token * r.ids->stride;
  float *const weights = static_cast<float *>(r.weights->data) + token * r.weights->stride;
  float total = 0;
  for (int64_t j = 0; j < k; ++j) {
    const int64_t best = greatest(rank, taken, experts);
    taken[best] = true;
    ids[j] = static_cast<int32_t>(best);
    weights[j] = score[best];
    total += score[best];
  }
  const float divisor = r.router->normalize != 0 ? total + 1e-20f : 1;
  for (int64_t j = 0; j < k; ++j) {
    weights[j] = weights[j] / divisor * r.router->scale;
  }
}

void routeTokens(void *arg, int64_t begin, int64_t end, int thread) {
  const Routing &r = *static_cast<const Routing *>(arg);
  const gk_router &router = *r.router;
  const int64_t experts = r.logits->cols, padded = (experts + 15) / 16 * 16;
  const int64_t floats = 3 * padded * int64_t{sizeof(float)};
  auto *const score = static_cast<float *>(r.pool->scratch(thread, floats + 2 * padded));
  float *const biased = score + padded, *const sums = biased + padded;
  auto *const taken = reinterpret_cast<bool *>(sums + padded), *const spare = taken + padded;
  for (int64_t t = begin; t < end; ++t) {
    const float *const logits = static_cast<const float *>(r.logits->data) + t * r.logits->stride;
    if (router.scoring == GK_SCORING_SIGMOID) {
      sigmoid(score, logits, experts);
    } else {
      softmax(score, logits, experts, padded);
    }
    for (int64_t e = 0; e < experts; ++e) {
      biased[e] = router.bias != nullptr ? score[e] + router.bias[e] : score[e];
      taken[e] = false;
    }
    if (router.chosen_groups < router.groups) {
      leaveGroups(router, biased, taken, experts, sums, spare);
    }
    choose(r, t, score, biased, taken);
  }
}

}  // namespace

void route(Pool &pool, const gk_router &router, const gk_tensor &logits, const gk_tensor &ids,
           const gk_tensor &weights) {
  Routing routing{&pool, &router, &logits, &ids, &weights};
  pool.parallelFor(logits.rows, 8, routeTokens, &routing);
}

}  // namespace gatun::cpu::GK_ISA
