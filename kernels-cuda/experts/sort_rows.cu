// sort_rows.cu: rows by the expert they chose, in groups that a block multiplies at once.
//
// A counting sort without a word from the host: a block an expert reads all ids twice, counts those of lower experts
// and its own, and writes its own rows, ascending. An expert's groups have places of their own: those from
// floor(rows before / most) + expert on are as many as it can need, and none is another's. A place without rows is one
// that its blocks leave at once. Bytes: experts * rows * 8, all but 4 a row from the caches. Grid: a block an expert.
// Limit: latency, two readings of rows / 256 ids each: some 3 us for 4,096 rows.
#include "ops.hpp"
#include "products/mat_mul_float.hpp"

namespace gatun::cuda {
namespace {

constexpr int threads = 256, warps = threads / 32;
constexpr int64_t choicesExpected = 16;  // of a token, that a queue's workspace is made for
constexpr int64_t leastRows = 3;         // of an expert on average

struct Sort {
  const int32_t *ids;
  int64_t idStride;
  int32_t k;
  int32_t rows;
  int32_t most;  // rows of a group
  int32_t *sorted;
  RowGroup *table;
};

struct Shared {
  int before[warps], own[warps];
};

__global__ void __launch_bounds__(threads) sortRows(Sort s) {
  dependencyWait();
  dependencyTrigger();
  auto &counts = shared<Shared>();
  const int expert = static_cast<int>(blockIdx.x), experts = static_cast<int>(gridDim.x);
  const int warp = static_cast<int>(threadIdx.x / 32), lane = static_cast<int>(threadIdx.x % 32);
  // An id that is no expert's is -1: its row is in no group.
  const auto expertAt = [&](int row) {
    const int32_t id = s.ids[row / s.k * s.idStride + row % s.k];
    return id >= 0 && id < experts ? id : -1;
  };
  const int share = (s.rows + threads - 1) / threads * 32;  // of a warp
  const int begin = warp * share, limit = begin + share, end = limit < s.rows ? limit : s.rows;
  int before = 0, own = 0;
  for (int row = begin + lane; row < end; row += 32) {
    const int chosen = expertAt(row);
    before += chosen >= 0 && chosen < expert ? 1 : 0;
    own += chosen == expert ? 1 : 0;
  }
  for (int mask = 16; mask > 0; mask /= 2) {
    before += shuffleXor(before, mask);
    own += shuffleXor(own, mask);
  }
  if (lane == 0) {
    counts.before[warp] = before;
    counts.own[warp] = own;
  }
  __syncthreads();
  int first = 0, rows = 0, next = 0;  // of the expert; `next`: where the warp's own go
  for (int w = 0; w < warps; ++w) {
    first += counts.before[w];
    next += w < warp ? counts.own[w] : 0;
    rows += counts.own[w];
  }
  next += first;
  for (int at = begin; at < end; at += 32) {
    const int row = at + lane;
    const bool mine = row < end && expertAt(row) == expert;
    const uint32_t all = ballot(mine);
    if (mine) {
      s.sorted[next + countBits(all & ((uint32_t{1} << lane) - 1))] = row;
    }
    next += countBits(all);
  }
  // The last expert has all places that are left: rows without a matrix leave some.
  const int place = first / s.most + expert, slots = s.rows / s.most + experts;
  const int places = (expert + 1 < experts ? (first + rows) / s.most + expert + 1 : slots) - place;
  for (int i = static_cast<int>(threadIdx.x); i < places; i += threads) {
    const int left = rows - i * s.most;
    s.table[place + i] = {expert, first + i * s.most, left < 0 ? 0 : left < s.most ? left : s.most};
  }
}

int64_t bytesFor(int64_t rows, int64_t slots) {
  return ceilDiv(rows, 2) * 8 + slots * static_cast<int64_t>(sizeof(RowGroup));
}

}  // namespace

// Where rows are sorted they are at least three times the experts; a group has at least floatTokens.
int64_t sortWorkspaceBytes(int64_t tokens) {
  const int64_t rows = tokens * choicesExpected;
  return bytesFor(rows, rows / floatTokens + rows / leastRows);
}

bool worthSorting(const Queue &queue, int64_t rows, int64_t experts) {
  return rows >= leastRows * experts && bytesFor(rows, rows / floatTokens + experts) <= queue.workspaceBytes;
}

void makeGroups(const Queue &queue, const gk_tensor *ids, int64_t most, RowGroups &groups) {
  if (ids == nullptr) {
    groups.slots = static_cast<int32_t>(ceilDiv(groups.rows, most) * groups.heads);
    return;
  }
  const int64_t rows = groups.rows, slots = rows / most + groups.matrices;
  auto *const room = queue.borrow<unsigned char>(bytesFor(rows, slots));
  auto *const sorted = reinterpret_cast<int32_t *>(room);
  auto *const table = reinterpret_cast<RowGroup *>(room + ceilDiv(rows, 2) * 8);
  const Sort sort = {static_cast<const int32_t *>(ids->data),
                     ids->stride,
                     static_cast<int32_t>(ids->cols),
                     groups.rows,
                     static_cast<int32_t>(most),
                     sorted,
                     table};
  launch(queue, {gridOf(groups.matrices), threads, sizeof(Shared)}, sortRows, sort);
  groups.sorted = sorted;
  groups.table = table;
  groups.slots = static_cast<int32_t>(slots);
}

}  // namespace gatun::cuda
