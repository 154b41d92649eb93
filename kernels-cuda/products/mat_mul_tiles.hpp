// mat_mul_tiles.hpp: what a product of many rows of integer activations is asked for; see mat_mul_tiles.cu.
#pragma once

#include "device/queue.hpp"
#include "weights/packed.hpp"

namespace gatun::cuda {

// Activations, weights and results of one product. gate | up: matrix is gate.
struct TilesJob {
  Matrix matrix;
  const uint8_t *up;  // or null
  const uint8_t *x;
  int32_t tokens;
  int32_t tokenTiles;
  void *y;
  int64_t yStride;
  int32_t yDtype;
};

// job.x GK_A16 if `wide`. Instances: mat_mul_tiles_*.cu.
template <int Dtype>
void multiplyTiles(const Queue &queue, const TilesJob &job, bool wide);

}  // namespace gatun::cuda
