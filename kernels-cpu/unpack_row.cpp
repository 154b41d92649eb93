// unpack_row.cpp: one row of a packed weight, by the code that multiplies with it. Reads one tile, writes 4 bytes a
// weight.
#include "kernels.hpp"
#include "mat_mul_ops.hpp"

namespace gatun::cpu::GK_ISA {

void unpackRow(Pool &pool, const gk_weight &weight, int64_t expert, int64_t row, float *destination) {
  const TileShape shape = tileShape(weight);
  const uint8_t *tile =
      static_cast<const uint8_t *>(weight.data) + expert * weight.expert_stride + row / GK_TILE_ROWS * shape.plane.size;
  auto *columns = static_cast<float *>(pool.scratch(0, weight.cols * GK_TILE_ROWS * 4));
  expansion(weight.dtype)(tile, shape, columns);
  for (int64_t k = 0; k < weight.cols; k++) destination[k] = columns[k * GK_TILE_ROWS + row % GK_TILE_ROWS];
}

}  // namespace gatun::cpu::GK_ISA
