// local_experts.cpp: where a token's experts are in a stack that holds some of all. A few bytes a token: one thread.
#include "ops.hpp"

namespace gatun::cpu {

void localExperts(const gk_tensor &ids, const gk_tensor &table, const gk_tensor &local) {
  for (int64_t t = 0; t < ids.rows; t++) {
    const int32_t *const from = static_cast<const int32_t *>(ids.data) + t * ids.stride;
    const int32_t *const column = static_cast<const int32_t *>(table.data) + t % table.cols;
    int32_t *const to = static_cast<int32_t *>(local.data) + t * local.stride;
    for (int64_t j = 0; j < ids.cols; j++) {
      to[j] = from[j] >= 0 && from[j] < table.rows ? column[from[j] * table.stride] : -1;
    }
  }
}

}  // namespace gatun::cpu
