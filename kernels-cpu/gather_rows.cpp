// gather_rows.cpp: GatherRows. Bytes moved: 8 cols a row wanted. No arithmetic; rows are few, so no threads.
#include <cstring>

#include "ops.hpp"

namespace gatun::cpu {

void gatherRows(Pool &, const gk_tensor &x, const gk_tensor &rows, const gk_tensor &y) {
  const auto *ids = static_cast<const int32_t *>(rows.data);
  for (int64_t r = 0; r < y.rows; ++r) {
    const float *from = static_cast<const float *>(x.data) + ids[r] * x.stride;
    float *to = static_cast<float *>(y.data) + r * y.stride;
    std::memmove(to, from, static_cast<std::size_t>(x.cols) * sizeof(float));
  }
}

}  // namespace gatun::cpu
