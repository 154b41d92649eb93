// add_bias.cpp: x += bias, a row at a time. Bytes moved: 8 an element, the bias stays in the L1 or L2 cache.
#include "quantized.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

constexpr int64_t elementsWorthThreads = 1 << 14;

struct Work {
  const gk_tensor &x;
  const float *bias;
};

void rows(void *arg, int64_t begin, int64_t end, int) {
  const Work &work = *static_cast<const Work *>(arg);
  for (int64_t r = begin; r < end; ++r) {
    float *const x = static_cast<float *>(work.x.data) + r * work.x.stride;
    for (int64_t i = 0; i < work.x.cols; ++i) {
      x[i] += work.bias[i];
    }
  }
}

}  // namespace

void addBias(Pool &pool, const gk_tensor &x, const float *bias) {
  Work work{x, bias};
  const int64_t grain = elementsWorthThreads / x.cols;
  pool.parallelFor(x.rows, grain < 1 ? 1 : grain, rows, &work);
}

}  // namespace gatun::cpu::GK_ISA
