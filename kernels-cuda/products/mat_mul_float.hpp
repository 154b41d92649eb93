// mat_mul_float.hpp: what a product of fp32 activations is asked for; see mat_mul_float.cu.
#pragma once

#include "device/queue.hpp"
#include "weights/packed.hpp"

namespace gatun::cuda {

// Row p of y is row p / uses of x times the matrix, or times the one that ids chooses. With data[1]: gate | up.
struct FloatJob {
  Matrix shape;  // of every matrix; its data is not read
  const uint8_t *data[2];
  int64_t expertStride[2];  // bytes
  const int32_t *ids;       // (tokens, k), or null
  int64_t idStride;
  int32_t k;
  int32_t experts;
  const float *x;
  int64_t xStride;
  int32_t uses;
  int32_t rows;  // of y
  void *y;
  int64_t yStride;
  int32_t yDtype;
  int32_t chunks;
  int32_t warps;      // that share a tile: 1, 2 or 4
  int32_t rowGroups;  // of `Tokens` rows of y
};

inline FloatJob floatJob(const gk_weight &weight, const gk_weight *up, const gk_tensor &x, const gk_tensor &y) {
  FloatJob job = {};
  job.shape = matrixOf(weight);
  job.data[0] = static_cast<const uint8_t *>(weight.data);
  job.data[1] = up != nullptr ? static_cast<const uint8_t *>(up->data) : nullptr;
  job.expertStride[0] = weight.expert_stride;
  job.expertStride[1] = up != nullptr ? up->expert_stride : 0;
  job.k = 1;
  job.experts = static_cast<int32_t>(weight.experts);
  job.x = static_cast<const float *>(x.data);
  job.xStride = x.stride;
  job.uses = 1;
  job.rows = static_cast<int32_t>(x.rows);
  job.y = y.data;
  job.yStride = y.stride;
  job.yDtype = y.dtype;
  job.chunks = static_cast<int32_t>(ceilDiv(weight.cols, chunkColumns));
  return job;
}

// Products of all rows; with ids, of each with the matrix it chooses. Instances: mat_mul_float_*.cu.
template <int Dtype>
void multiplyFloats(const Queue &queue, FloatJob job);

}  // namespace gatun::cuda
