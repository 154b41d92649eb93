// mat_mul_ops.hpp: the weight ops of the CPU back end, as kernels.h states them; arguments are already checked.
#pragma once

#include <gatun/kernels.h>

#include "pool.hpp"

namespace gatun::cpu {

// The same for every instruction set.
int64_t packedBytes(const gk_source &source);
void pack(Pool &pool, const gk_source &source, void *destination);
void dequantize(Pool &pool, int32_t dtype, const void *source, int64_t count, float *destination);
// drawn: NULL where no entry of tokens is negative.
void embed(Pool &pool, const gk_source &table, const gk_tensor &tokens, const gk_tensor *drawn, const gk_tensor &y);
void gatherCols(Pool &pool, const gk_tensor &x, const gk_tensor &order, const gk_tensor &y);

#define GK_DECLARE_MAT_MUL_OPS(isa)                                                                                   \
  namespace isa {                                                                                                     \
  void unpack(Pool &pool, const gk_weight &weight, int64_t expert, int64_t firstRow, const gk_tensor &y);             \
  void quantize(Pool &pool, const gk_tensor &x, const gk_tensor &y);                                                  \
  void matMul(Pool &pool, const gk_weight &weight, const gk_tensor &x, const gk_tensor &y);                           \
  void gateUp(Pool &pool, const gk_weight &gate, const gk_weight &up, const gk_tensor &x, const gk_tensor &y);        \
  void expertGateUp(Pool &pool, const gk_weight &gate, const gk_weight &up, const gk_tensor &x, const gk_tensor &ids, \
                    const gk_tensor &y);                                                                              \
  void expertDown(Pool &pool, const gk_weight &down, const gk_tensor &h, const gk_tensor &ids,                        \
                  const gk_tensor &weights, const gk_tensor &y);                                                      \
  const char *matMulKernel(const gk_tensor &x);                                                                       \
  double measureInt8(Pool &pool);                                                                                     \
  }
GK_DECLARE_MAT_MUL_OPS(plain)
GK_DECLARE_MAT_MUL_OPS(avx2)
GK_DECLARE_MAT_MUL_OPS(avx512)
GK_DECLARE_MAT_MUL_OPS(avx512vnni)
#undef GK_DECLARE_MAT_MUL_OPS

}  // namespace gatun::cpu
