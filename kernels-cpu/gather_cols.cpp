// gather_cols.cpp: activations in the column order of act-order weights. Reads and writes 4 bytes an element.
#include "ops.hpp"

namespace gatun::cpu {
namespace {

struct Work {
  const gk_tensor &x;
  const int32_t *order;
  const gk_tensor &y;
};

void rows(void *arg, int64_t begin, int64_t end, int) {
  const Work &work = *static_cast<const Work *>(arg);
  for (int64_t r = begin; r < end; r++) {
    const float *x = static_cast<const float *>(work.x.data) + r * work.x.stride;
    float *y = static_cast<float *>(work.y.data) + r * work.y.stride;
    for (int64_t j = 0; j < work.y.cols; j++) y[j] = x[work.order[j]];
  }
}

}  // namespace

void gatherCols(Pool &pool, const gk_tensor &x, const gk_tensor &order, const gk_tensor &y) {
  Work work{x, static_cast<const int32_t *>(order.data), y};
  pool.parallelFor(x.rows, 4, rows, &work);
}

}  // namespace gatun::cpu
