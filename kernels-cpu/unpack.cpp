// unpack.cpp: rows of a packed weight, by the code that multiplies with it. Reads their tiles once, writes 4 bytes a
// weight, or 2.
#include "kernels.hpp"
#include "ops.hpp"
#include "simd.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

struct Work {
  const uint8_t *data;
  TileShape shape;
  Expansion expand;
  int64_t firstRow;
  const gk_tensor &y;
  Pool &pool;
};

void tiles(void *arg, int64_t begin, int64_t end, int thread) {
  const Work &work = *static_cast<const Work *>(arg);
  const int64_t cols = work.y.cols, firstTile = work.firstRow / GK_TILE_ROWS;
  auto *columns = static_cast<float *>(work.pool.scratch(thread, (GK_TILE_ROWS + 1) * aligned(cols * 4)));
  float *row = columns + GK_TILE_ROWS * cols;
  for (int64_t tile = firstTile + begin; tile < firstTile + end; tile++) {
    work.expand(work.data + tile * work.shape.plane.size, work.shape, columns);
    for (int64_t i = 0; i < GK_TILE_ROWS; i++) {
      const int64_t r = tile * GK_TILE_ROWS + i - work.firstRow;
      if (r < 0 || r >= work.y.rows) continue;
      const bool rounds = work.y.dtype == GK_BF16;
      float *to = rounds ? row : static_cast<float *>(work.y.data) + r * work.y.stride;
      for (int64_t k = 0; k < cols; k++) to[k] = columns[k * GK_TILE_ROWS + i];
      if (rounds) {
        auto *bits = static_cast<uint16_t *>(work.y.data) + r * cols;
        for (int64_t k = 0; k < cols; k += 16) storeBf16(bits + k, load(row + k));
      }
    }
  }
}

}  // namespace

void unpack(Pool &pool, const gk_weight &weight, int64_t expert, int64_t firstRow, const gk_tensor &y) {
  const auto *data = static_cast<const uint8_t *>(weight.data) + expert * weight.expert_stride;
  Work work{data, tileShape(weight), expansion(weight.dtype), firstRow, y, pool};
  const int64_t end = (firstRow + y.rows + GK_TILE_ROWS - 1) / GK_TILE_ROWS;
  pool.parallelFor(y.rows == 0 ? 0 : end - firstRow / GK_TILE_ROWS, 1, tiles, &work);
}

}  // namespace gatun::cpu::GK_ISA
