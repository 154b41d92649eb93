// gate_up.cpp: y = silu(x * gate^T) * (x * up^T) in one pass over the activations. Bytes and operations: twice those of
// mat_mul, and one exponential a result.
#include "product.hpp"
#include "quantized.hpp"

namespace gatun::cpu::GK_ISA {

void gateUp(Pool &pool, const gk_weight &gate, const gk_weight &up, const gk_tensor &x, const gk_tensor &y) {
  quantized(pool, y, [&](const gk_tensor &floats) {
    multiply(
        pool,
        {gate, &up, x, nullptr, {1, rowBytes(x), 0}, y.rows, static_cast<float *>(floats.data), {1, floats.stride, 0}});
  });
}

}  // namespace gatun::cpu::GK_ISA
