// mat_mul_tiles.hpp: what a product of many rows of integer activations is asked for; see mat_mul_tiles.cu.
#pragma once

#include "products/row_groups.hpp"
#include "weights/packed.hpp"

namespace gatun::cuda {

// Activations, weights and results of one product. gate | up: matrix is gate.
struct TilesJob {
  Matrix matrix;            // the first of those that groups choose among
  const uint8_t *up;        // or null
  int64_t expertStride[2];  // bytes; of matrix and up
  RowGroups groups;
  const gk_tensor *ids;  // the host's: rows have experts, by which they are to be sorted; or null
  const uint8_t *x;
  int64_t xRowBytes;
  void *y;
  int64_t yStride;
  int32_t yDtype;
};

// Of one product, or of its `up` too; groups are the caller's.
inline TilesJob tilesJob(const gk_weight &weight, const gk_weight *up, const gk_tensor &x, const gk_tensor &y) {
  TilesJob job = {};
  job.matrix = matrixOf(weight);
  job.up = up != nullptr ? static_cast<const uint8_t *>(up->data) : nullptr;
  job.expertStride[0] = weight.expert_stride;
  job.expertStride[1] = up != nullptr ? up->expert_stride : 0;
  job.x = static_cast<const uint8_t *>(x.data);
  job.xRowBytes = x.cols / blockColumns * cpu::activationBlockBytes(x.dtype);
  job.y = y.data;
  job.yStride = y.stride;
  job.yDtype = y.dtype;
  return job;
}

// job.x GK_A16 if `wide`. Instances: mat_mul_tiles_*.cu.
template <int Dtype>
void multiplyTiles(const Queue &queue, const TilesJob &job, bool wide);

}  // namespace gatun::cuda
