// mat_mul.cu: y = x * weight^T, by what its rows and type ask for; alone, as the three products that attention begins
// with, and as gate | up.
#include "ops.hpp"
#include "products/mat_mul_vec.hpp"

namespace gatun::cuda {
namespace {

bool few(const gk_tensor &x) { return x.dtype != GK_F32 && x.rows <= vecTokens; }

}  // namespace

void matMul(const Queue &queue, const gk_weight &weight, const gk_tensor &x, const gk_tensor &y) {
  if (x.rows > 0) {
    (x.dtype == GK_F32 ? matMulFloat : few(x) ? matMulVec : matMulTiles)(queue, weight, x, y);
  }
}

void qkv(const Queue &queue, const gk_weight &q, const gk_weight &k, const gk_weight &v, const gk_tensor &x,
         const gk_tensor &yq, const gk_tensor &yk, const gk_tensor &yv) {
  if (x.rows > 0 && few(x)) {
    qkvVec(queue, q, k, v, x, yq, yk, yv);
    return;
  }
  matMul(queue, q, x, yq);
  matMul(queue, k, x, yk);
  matMul(queue, v, x, yv);
}

void gateUp(const Queue &queue, const gk_weight &gate, const gk_weight &up, const gk_tensor &x, const gk_tensor &y) {
  if (x.rows > 0) {
    (x.dtype == GK_F32 ? gateUpFloat : few(x) ? gateUpVec : gateUpTiles)(queue, gate, up, x, y);
  }
}

// A row of experts at a time is few, however many rows there are.
const char *matMulKernel(const gk_weight &weight, const gk_tensor &x) {
  return x.dtype == GK_F32              ? "mat_mul_float, fp32"
         : few(x) || weight.experts > 1 ? "mat_mul_vec, int8 mma"
                                        : "mat_mul_tiles, int8 mma";
}

}  // namespace gatun::cuda
