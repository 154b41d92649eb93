// expert_combine.cpp: the weighted sum over a token's experts, and what all tokens share. 4 bytes and two operations a
// (token, expert, column).
#include "ops.hpp"
#include "simd.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

constexpr int64_t kColumns = 512;  // summed at once

struct Work {
  const gk_tensor &x, &weights;
  const gk_tensor *shared;  // or NULL
  const gk_tensor &y;
};

void sum(void *arg, int64_t begin, int64_t end, int) {
  const Work &work = *static_cast<const Work *>(arg);
  const int64_t hidden = work.y.cols, k = work.weights.cols, chunks = (hidden + kColumns - 1) / kColumns;
  for (int64_t i = begin; i < end; i++) {
    const int64_t token = i / chunks, first = i % chunks * kColumns;
    const int64_t last = first + kColumns < hidden ? first + kColumns : hidden;
    const float *weight = static_cast<const float *>(work.weights.data) + token * work.weights.stride;
    const float *x = static_cast<const float *>(work.x.data) + token * k * work.x.stride;
    const float *shared =
        work.shared != nullptr ? static_cast<const float *>(work.shared->data) + token * work.shared->stride : nullptr;
    float *y = static_cast<float *>(work.y.data) + token * work.y.stride;
    for (int64_t c = first; c < last; c += 16) {
      F32x16 total = zero();
      for (int64_t j = 0; j < k; j++) {
        total = fma(splat(weight[j]), load(x + j * work.x.stride + c, last - c), total);
      }
      if (shared != nullptr) {
        total = total + load(shared + c, last - c);
      }
      store(y + c, total, last - c);
    }
  }
}

}  // namespace

void expertCombine(Pool &pool, const gk_tensor &x, const gk_tensor &weights, const gk_tensor *shared,
                   const gk_tensor &y) {
  Work work{x, weights, shared, y};
  pool.parallelFor(y.rows * ((y.cols + kColumns - 1) / kColumns), 4, sum, &work);
}

}  // namespace gatun::cpu::GK_ISA
