// local_experts.cu: where a token's experts are in a stack that holds some of all. Reads 8 bytes and writes 4 a choice;
// the table comes from the caches. Grid: a thread a choice. Limit: latency.
#include "ops.hpp"

namespace gatun::cuda {
namespace {

constexpr int threads = 256;

struct Places {
  const int32_t *ids;
  int64_t idStride;
  const int32_t *table;
  int64_t tableStride;
  int32_t *local;
  int64_t localStride;
  int32_t k, rows, experts, copies;  // rows: tokens * k
};

__global__ void __launch_bounds__(threads) placeExperts(Places p) {
  dependencyWait();
  dependencyTrigger();
  const int row = static_cast<int>(blockIdx.x) * threads + static_cast<int>(threadIdx.x);
  if (row >= p.rows) {
    return;
  }
  const int token = row / p.k, choice = row % p.k;
  const int32_t id = p.ids[token * p.idStride + choice];
  const bool known = id >= 0 && id < p.experts;
  p.local[token * p.localStride + choice] = known ? p.table[id * p.tableStride + token % p.copies] : -1;
}

}  // namespace

void localExperts(const Queue &queue, const gk_tensor &ids, const gk_tensor &table, const gk_tensor &local) {
  if (ids.rows == 0) {
    return;
  }
  const Places places = {static_cast<const int32_t *>(ids.data),   ids.stride,
                         static_cast<const int32_t *>(table.data), table.stride,
                         static_cast<int32_t *>(local.data),       local.stride,
                         static_cast<int32_t>(ids.cols),           static_cast<int32_t>(ids.rows * ids.cols),
                         static_cast<int32_t>(table.rows),         static_cast<int32_t>(table.cols)};
  launch(queue, {gridOf(ceilDiv(ids.rows * ids.cols, threads)), threads}, placeExperts, places);
}

}  // namespace gatun::cuda
