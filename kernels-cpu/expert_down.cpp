// expert_down.cpp: the experts' second matrix and the weighted sum over a token's experts. Each chosen expert's bytes
// are read once; 8 bytes and two operations a (token, expert, output) for the sum, which runs in ascending j however
// the tokens were grouped.
#include "product.hpp"
#include "simd.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

constexpr int64_t kColumns = 512;  // summed at once

struct Work {
  const float *parts;  // (tokens * k, hidden)
  const gk_tensor &weights;
  const gk_tensor &y;
};

void sumParts(void *arg, int64_t begin, int64_t end, int) {
  const Work &work = *static_cast<const Work *>(arg);
  const int64_t hidden = work.y.cols, k = work.weights.cols, chunks = (hidden + kColumns - 1) / kColumns;
  for (int64_t i = begin; i < end; i++) {
    const int64_t token = i / chunks, first = i % chunks * kColumns;
    const int64_t last = first + kColumns < hidden ? first + kColumns : hidden;
    const float *weight = static_cast<const float *>(work.weights.data) + token * work.weights.stride;
    float *y = static_cast<float *>(work.y.data) + token * work.y.stride;
    for (int64_t c = first; c < last; c += 16) {
      F32x16 total = zero();
      for (int64_t j = 0; j < k; j++) {
        total = fma(splat(weight[j]), load(work.parts + (token * k + j) * hidden + c, last - c), total);
      }
      store(y + c, total, last - c);
    }
  }
}

}  // namespace

void expertDown(Pool &pool, const gk_weight &down, const gk_tensor &h, const gk_tensor &ids, const gk_tensor &weights,
                const gk_tensor &y) {
  checkIds(ids, "ids", down.experts, "down.experts");
  const float *parts = multiply(pool, {down, nullptr, h, &ids, 1, h.rows, nullptr, 0});
  Work work{parts, weights, y};
  pool.parallelFor(y.rows * ((y.cols + kColumns - 1) / kColumns), 4, sumParts, &work);
}

}  // namespace gatun::cpu::GK_ISA
