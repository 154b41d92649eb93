// experts.hpp: how the ops over chosen experts find a row's matrix, with GK_A8 and GK_A16.
#pragma once

#include "products/vec_launch.hpp"

namespace gatun::cuda {

// vec: of one row of x. Row p is with expert ids[p / k * idStride + p % k].
struct ExpertJob {
  VecJob vec;
  int64_t expertStride[2];  // bytes; of operands 0 and 1
  const int32_t *ids;
  int64_t idStride;
  int32_t k;
  int32_t experts;
  int32_t rows;  // of y
};

// Where expert ids[token, j] begins, counted from the first. An id that is no expert's gives the first.
__device__ __forceinline__ int64_t expertOf(const ExpertJob &job, int64_t token, int j) {
  const int32_t id = job.ids[token * job.idStride + j];
  return id >= 0 && id < job.experts ? id : 0;
}

inline ExpertJob expertJob(const gk_weight &weight, const gk_tensor &x, const gk_tensor &ids, const gk_tensor &y) {
  ExpertJob job = {};
  job.vec = vecJob(weight, x);
  job.vec.tokens = 1;
  job.expertStride[0] = job.expertStride[1] = weight.expert_stride;
  job.ids = static_cast<const int32_t *>(ids.data);
  job.idStride = ids.stride;
  job.k = static_cast<int32_t>(ids.cols);
  job.experts = static_cast<int32_t>(weight.experts);
  job.rows = static_cast<int32_t>(y.rows);
  return job;
}

}  // namespace gatun::cuda
