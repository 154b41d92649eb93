// mat_mul_float.cu: mat_mul and gate_up of GK_F32 activations: fp32 fma on exactly dequantised weights, for weights
// that are floats and where all arithmetic is wanted in fp32.
//
// A warp multiplies a chunk of 1024 columns of 16 weight rows with one row of x, or eight: lane 4 g + t adds its own
// columns of rows g and g + 8 in ascending order, then the four lanes of a row add up. A block of 8 warps has 2, 4 or 8
// tiles, each shared by 4, 2 or 1 warps, a chunk each at a time; totals of chunks are added in ascending order. So a
// result depends on neither the number of rows nor on how the block is divided.
//
// Bytes: the weights once for each 8 rows of x, x from the caches. Operations: 2 * rows * cols * tokens. Grid: groups
// of rows of x fastest, so that weights come from memory once. Limit for one row: memory; 64 bytes a lane are under way
// while as many are used, 32 KiB a multiprocessor at 16 warps. An fp16 head of 152064 x 5120: 1.56 GB, 324 us at 4.8
// TB/s; about 20 instructions a warp for 512 bytes of it, where an H200 reads 512 bytes in 98 cycles of a quarter of a
// multiprocessor. For eight rows and more: instructions, of which about half are the fmas asked for.
#include "ops.hpp"
#include "products/mat_mul_float.hpp"

namespace gatun::cuda {

void matMulFloat(const Queue &queue, const gk_weight &weight, const gk_tensor &x, const gk_tensor &y) {
  const FloatJob job = floatJob(weight, nullptr, x, y);
  forWeightType(weight.dtype, [&]<int Dtype>() { multiplyFloats<Dtype>(queue, job); });
}

void gateUpFloat(const Queue &queue, const gk_weight &gate, const gk_weight &up, const gk_tensor &x,
                 const gk_tensor &y) {
  const FloatJob job = floatJob(gate, &up, x, y);
  forWeightType(gate.dtype, [&]<int Dtype>() { multiplyFloats<Dtype>(queue, job); });
}

void multiplyExpertFloats(const Queue &queue, FloatJob job, const gk_weight &weight, const gk_tensor &ids,
                          const RowGroups &rows, bool sorts) {
  job.groups = rows;
  if (sorts) {
    job.sorts = &ids;
  } else {
    job.ids = static_cast<const int32_t *>(ids.data);
    job.idStride = ids.stride;
    job.k = static_cast<int32_t>(ids.cols);
  }
  forWeightType(weight.dtype, [&]<int Dtype>() { multiplyFloats<Dtype>(queue, job); });
}

}  // namespace gatun::cuda
