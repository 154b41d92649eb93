// expert_gate_up.cpp: gate_up of every token with each of its experts. Tokens that chose the same expert are multiplied
// together, so each chosen expert's bytes are read once.
#include "product.hpp"

namespace gatun::cpu::GK_ISA {

void expertGateUp(Pool &pool, const gk_weight &gate, const gk_weight &up, const gk_tensor &x, const gk_tensor &ids,
                  const gk_tensor &y) {
  checkIds(ids, "ids", gate.experts, "gate.experts", -1);
  multiply(pool,
           {gate, &up, x, &ids, {ids.cols, rowBytes(x), 0}, y.rows, static_cast<float *>(y.data), {1, y.stride, 0}});
}

}  // namespace gatun::cpu::GK_ISA
