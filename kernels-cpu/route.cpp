// route.cpp: Route. Bytes moved: 4 experts + 8 k a token. Operations: about 20 experts for the softmax and
// experts * k comparisons. The sum of the softmax has 16 lanes, by expert mod 16; the sum of the chosen is ascending.
#include "ops.hpp"
#include "simd.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

struct Routing {
  Pool *pool;
  const gk_tensor *logits;
  bool normalize;
  const gk_tensor *ids;
  const gk_tensor *weights;
};

// p (experts, padded to 16 with zeros) = softmax of the logits.
void softmax(float *p, const float *logits, int64_t experts) {
  const F32x16 lowest = splat(-__builtin_inff());
  const int64_t padded = (experts + 15) / 16 * 16;
  for (int64_t i = experts; i < padded; ++i) {
    p[i] = -__builtin_inff();
  }
  __builtin_memcpy(p, logits, static_cast<size_t>(experts) * sizeof(float));
  F32x16 highest = lowest;
  for (int64_t i = 0; i < padded; i += 16) {
    highest = max(highest, load(p + i));
  }
  const F32x16 shift = splat(maxOf(highest));
  F32x16 total = zero();
  for (int64_t i = 0; i < padded; i += 16) {
    const F32x16 e = exp(load(p + i) - shift);
    total = total + e;
    store(p + i, e);
  }
  const F32x16 all = splat(sum(total));
  for (int64_t i = 0; i < padded; i += 16) {
    store(p + i, load(p + i) / all);
  }
}

// The largest of those left; the lowest id of equals, and of what are no numbers.
int32_t largest(const float *p, int64_t experts) {
  int64_t best = -1;
  for (int64_t e = 0; e < experts; ++e) {
    if (p[e] != -1 && (best < 0 || p[e] > p[best])) {
      best = e;
    }
  }
  return static_cast<int32_t>(best);
}

void routeTokens(void *arg, int64_t begin, int64_t end, int thread) {
  const Routing &r = *static_cast<const Routing *>(arg);
  const int64_t experts = r.logits->cols;
  const int64_t k = r.ids->cols;
  auto *const p = static_cast<float *>(r.pool->scratch(thread, (experts + 16) * int64_t{sizeof(float)}));
  for (int64_t t = begin; t < end; ++t) {
    int32_t *const ids = static_cast<int32_t *>(r.ids->data) + t * r.ids->stride;
    float *const weights = static_cast<float *>(r.weights->data) + t * r.weights->stride;
    softmax(p, static_cast<const float *>(r.logits->data) + t * r.logits->stride, experts);
    float total = 0;
    for (int64_t j = 0; j < k; ++j) {
      ids[j] = largest(p, experts);
      weights[j] = p[ids[j]];
      total += weights[j];
      p[ids[j]] = -1;  // taken: no probability is negative
    }
    for (int64_t j = 0; r.normalize && j < k; ++j) {
      weights[j] /= total;
    }
  }
}

}  // namespace

void route(Pool &pool, const gk_tensor &logits, bool normalize, const gk_tensor &ids, const gk_tensor &weights) {
  Routing routing{&pool, &logits, normalize, &ids, &weights};
  pool.parallelFor(logits.rows, 8, routeTokens, &routing);
}

}  // namespace gatun::cpu::GK_ISA
