// mat_mul.cpp: y = x * weight^T. Bytes and operations: see product.cpp and mat_mul_int8.cpp, mat_mul_fp32.cpp.
#include "product.hpp"

namespace gatun::cpu::GK_ISA {

void matMul(Pool &pool, const gk_weight &weight, const gk_tensor &x, const gk_tensor &y) {
  multiply(pool,
           {weight, nullptr, x, nullptr, {1, rowBytes(x), 0}, y.rows, static_cast<float *>(y.data), {1, y.stride, 0}});
}

void headMatMul(Pool &pool, const gk_weight &weight, const gk_tensor &x, const gk_tensor &y) {
  const int64_t heads = weight.experts;
  const Rows xRows{heads, rowBytes(x), activationBytes(x, x.cols / heads)};
  multiply(pool, {weight,
                  nullptr,
                  x,
                  nullptr,
                  xRows,
                  y.rows * heads,
                  static_cast<float *>(y.data),
                  {heads, y.stride, y.cols / heads}});
}

void qkv(Pool &pool, const gk_weight &q, const gk_weight &k, const gk_weight &v, const gk_tensor &x,
         const gk_tensor &yq, const gk_tensor &yk, const gk_tensor &yv) {
  matMul(pool, q, x, yq);
  matMul(pool, k, x, yk);
  matMul(pool, v, x, yv);
}

#define GK_TEXT_OF(isa) #isa
#define GK_TEXT(isa) GK_TEXT_OF(isa)
const char *matMulKernel(const gk_tensor &x) {
  return x.dtype == GK_F32 ? "mat_mul_fp32, " GK_TEXT(GK_ISA) : "mat_mul_int8, " GK_TEXT(GK_ISA);
}

}  // namespace gatun::cpu::GK_ISA
