// experts.hpp: a row at a time with the matrix of its choice, of GK_A8 and GK_A16: for few rows, of experts or heads.
#pragma once

#include "products/vec_launch.hpp"

namespace gatun::cuda {

// vec: of one row of x. Row p is of token p / k and its choice p % k, with expert ids[token, choice], or where ids is
// NULL with matrix number `choice`.
struct ExpertJob {
  VecJob vec;
  int64_t expertStride[2];  // bytes; of operands 0 and 1
  const int32_t *ids;
  int64_t idStride;
  int64_t tokenX, choiceX;  // bytes from a token to the next, from a choice to the next
  int64_t tokenY, choiceY;  // floats
  int32_t k;
  int32_t experts;
  int32_t rows;  // of y
};

// The number of the matrix of a choice; -1 where its id is no expert's of the stack.
__device__ __forceinline__ int64_t expertOf(const ExpertJob &job, int64_t token, int j) {
  if (job.ids == nullptr) {
    return j;
  }
  const int32_t id = job.ids[token * job.idStride + j];
  return id >= 0 && id < job.experts ? id : -1;
}

inline ExpertJob expertJob(const gk_weight &weight, const gk_tensor &x, const gk_tensor &y, int64_t k) {
  ExpertJob job = {};
  job.vec = vecJob(weight, x);
  job.vec.tokens = 1;
  job.vec.chunks = static_cast<int32_t>(ceilDiv(weight.cols, chunkColumns));
  job.expertStride[0] = job.expertStride[1] = weight.expert_stride;
  job.tokenX = job.vec.xRowBytes;
  job.tokenY = k * y.stride;
  job.choiceY = y.stride;
  job.k = static_cast<int32_t>(k);
  job.experts = static_cast<int32_t>(weight.experts);
  job.rows = static_cast<int32_t>(y.rows);
  return job;
}
inline ExpertJob expertJob(const gk_weight &weight, const gk_tensor &x, const gk_tensor &ids, const gk_tensor &y) {
  ExpertJob job = expertJob(weight, x, y, ids.cols);
  job.ids = static_cast<const int32_t *>(ids.data);
  job.idStride = ids.stride;
  return job;
}

// Products of one matrix, x GK_A8 or GK_A16. experts/expert_down.cu
void multiplyRowByRow(const Queue &queue, const gk_weight &weight, const gk_tensor &x, ExpertJob job,
                      const gk_tensor &y);

}  // namespace gatun::cuda
