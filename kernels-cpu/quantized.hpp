// quantized.hpp: for ops whose result is computed in float32 and may be wanted quantised.
#pragma once

#include "ops.hpp"

namespace gatun::cpu::GK_ISA {

// Runs op(floats), which writes float32, then quantises that where y is of another type.
template <class Op>
void quantized(Pool &pool, const gk_tensor &y, Op &&op) {
  if (y.dtype == GK_F32) {
    op(y);
    return;
  }
  const gk_tensor floats{pool.results(y.rows * y.cols), y.rows, y.cols, y.cols, GK_F32, 0};
  op(floats);
  quantize(pool, floats, y);
}

}  // namespace gatun::cpu::GK_ISA
