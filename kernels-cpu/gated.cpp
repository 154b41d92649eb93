// gated.cpp: y = silu(gate) * up. Bytes moved: 12 an element; one exponential each.
#include "quantized.hpp"
#include "simd.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

constexpr int64_t elementsWorthThreads = 1 << 14;

struct Work {
  const gk_tensor &gate, &up, &y;
};

const float *row(const gk_tensor &t, int64_t r) { return static_cast<const float *>(t.data) + r * t.stride; }

void rows(void *arg, int64_t begin, int64_t end, int) {
  const Work &work = *static_cast<const Work *>(arg);
  const int64_t cols = work.y.cols, whole = cols - cols % 16;
  for (int64_t r = begin; r < end; ++r) {
    const float *gate = row(work.gate, r), *up = row(work.up, r);
    float *y = static_cast<float *>(work.y.data) + r * work.y.stride;
    for (int64_t i = 0; i < whole; i += 16) {
      store(y + i, silu(load(gate + i)) * load(up + i));
    }
    if (whole < cols) {
      const int64_t left = cols - whole;
      store(y + whole, silu(load(gate + whole, left)) * load(up + whole, left), left);
    }
  }
}

}  // namespace

void gated(Pool &pool, const gk_tensor &gate, const gk_tensor &up, const gk_tensor &y) {
  quantized(pool, y, [&](const gk_tensor &floats) {
    Work work{gate, up, floats};
    const int64_t grain = elementsWorthThreads / y.cols;
    pool.parallelFor(y.rows, grain < 1 ? 1 : grain, rows, &work);
  });
}

}  // namespace gatun::cpu::GK_ISA
