// mat_mul.cpp: y = x * weight^T. Bytes and operations: see product.cpp and mat_mul_int8.cpp, mat_mul_fp32.cpp.
#include "product.hpp"

namespace gatun::cpu::GK_ISA {

void matMul(Pool &pool, const gk_weight &weight, const gk_tensor &x, const gk_tensor &y) {
  multiply(pool, {weight, nullptr, x, nullptr, 1, y.rows, static_cast<float *>(y.data), y.stride});
}

}  // namespace gatun::cpu::GK_ISA
