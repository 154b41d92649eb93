// row_groups.hpp: which rows a block of threads multiplies with which matrix: all with one, those of a head with the
// head's, or those that chose an expert with that.
#pragma once

#include "device/queue.hpp"

namespace gatun::cuda {

// Some rows of y and their matrix; no rows: nothing to do.
struct RowGroup {
  int32_t matrix;
  int32_t first;
  int32_t rows;
};

// Row p of y is that of row p / uses of x. Where there are heads, a row of x or y is all heads' side by side.
struct RowGroups {
  const RowGroup *table;  // (slots) of experts, NULL: of heads
  const int32_t *sorted;  // rows of y by expert: what `first` counts in; else that counts rows of y
  int32_t slots;          // groups, or places for them: so many blocks of a launch are side by side
  int32_t matrices;
  int32_t heads;  // matrices, of gk_head_mat_mul; else 1
  int32_t rows;   // of y; a head has as many
  int32_t uses;
  int64_t headX;  // from a head to the next: bytes of x
  int64_t headY;  // floats of y

  // Of up to `most` rows. Where there is a table a kernel wrote it.
  __device__ __forceinline__ RowGroup at(int slot, int most) const {
    if (table != nullptr) {
      return table[slot];
    }
    const int first = slot / heads * most, left = rows - first;
    return {slot % heads, first, left < most ? left : most};
  }
  // Row i of a group, as a row of y; past its last: that.
  __device__ __forceinline__ int rowOf(const RowGroup &group, int i) const {
    const int known = group.first + (i < group.rows ? i : group.rows - 1);
    return table != nullptr ? sorted[known] : known;
  }
  // The row of x that a row of y is of.
  __device__ __forceinline__ int inputOf(int row) const {
    return static_cast<int>(static_cast<uint32_t>(row) / static_cast<uint32_t>(uses));
  }
  __device__ __forceinline__ int headOf(const RowGroup &group) const { return heads > 1 ? group.matrix : 0; }
};

// All rows of y with one matrix.
inline RowGroups allRows(int64_t rows) {
  RowGroups groups = {};
  groups.matrices = groups.heads = groups.uses = 1;
  groups.rows = static_cast<int32_t>(rows);
  return groups;
}

// Rows of y with the experts they choose, which are sorted later: row p is of row p / uses of x.
inline RowGroups expertRows(const gk_weight &weight, int64_t rows, int64_t uses) {
  RowGroups groups = allRows(rows);
  groups.matrices = static_cast<int32_t>(weight.experts);
  groups.uses = static_cast<int32_t>(uses);
  return groups;
}

// experts/sort_rows.cu:

// Makes groups of up to `most` rows, in the queue's workspace where ids, which may be NULL, say the rows' experts.
void makeGroups(const Queue &queue, const gk_tensor *ids, int64_t most, RowGroups &groups);
// Whether rows are better sorted than taken one by one: a group costs what three rows do. The workspace is made for
// steps whose tokens choose up to 16 experts; where a step has more rows than it holds, they are taken one by one.
bool worthSorting(const Queue &queue, int64_t rows, int64_t experts);

}  // namespace gatun::cuda
