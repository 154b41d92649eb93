// expert_down.cpp: the experts' second matrix. Rows that chose the same expert are multiplied together, so each chosen
// expert's bytes are read once.
#include "product.hpp"

namespace gatun::cpu::GK_ISA {

void expertDown(Pool &pool, const gk_weight &down, const gk_tensor &h, const gk_tensor &ids, const gk_tensor &y) {
  checkIds(ids, "ids", down.experts, "down.experts", -1);
  multiply(pool, {down, nullptr, h, &ids, {1, rowBytes(h), 0}, y.rows, static_cast<float *>(y.data), {1, y.stride, 0}});
}

}  // namespace gatun::cpu::GK_ISA
