// mat_mul_float.hpp: what a product of fp32 activations is asked for; see mat_mul_float.cu.
#pragma once

#include "products/row_groups.hpp"
#include "weights/packed.hpp"

namespace gatun::cuda {

constexpr int floatTokens = 8;  // rows of a group

// Rows of y are rows of x times the matrix that groups say, or that ids choose a row at a time. With data[1]: gate |
// up.
struct FloatJob {
  Matrix shape;  // of every matrix; its data is not read
  const uint8_t *data[2];
  int64_t expertStride[2];  // bytes
  const int32_t *ids;       // (tokens, k), or null
  int64_t idStride;
  int32_t k;
  int32_t experts;
  RowGroups groups;
  const gk_tensor *sorts;  // the host's: ids by which rows are to be sorted; or null
  const float *x;
  int64_t xStride;
  void *y;
  int64_t yStride;
  int32_t yDtype;
  int32_t chunks;
  int32_t warps;  // that share a tile: 1, 2 or 4
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
  job.groups = allRows(x.rows);
  job.y = y.data;
  job.yStride = y.stride;
  job.yDtype = y.dtype;
  job.chunks = static_cast<int32_t>(ceilDiv(weight.cols, chunkColumns));
  return job;
}

// Products of rows with the experts they choose; `sorts`: by expert, else one by one. products/mat_mul_float.cu
void multiplyExpertFloats(const Queue &queue, FloatJob job, const gk_weight &weight, const gk_tensor &ids,
                          const RowGroups &rows, bool sorts);

// Products of all rows. Instances: mat_mul_float_*.cu.
template <int Dtype>
void multiplyFloats(const Queue &queue, FloatJob job);

}  // namespace gatun::cuda
