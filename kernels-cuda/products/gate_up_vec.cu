// gate_up_vec.cu: y = silu(x * gate^T) * (x * up^T) for 1 to 16 rows of GK_A8 or GK_A16, as floats or quantised.
//
// Bytes, operations and limit: those of mat_mul_vec.cu, of both weights. Grid: work tiles of 32 rows, so that a slot
// has a whole block of the quantised result: a tile of gate, the same of up, then the next of both.
#include "ops.hpp"
#include "products/vec_launch.hpp"

namespace gatun::cuda {

void gateUpVec(const Queue &queue, const gk_weight &gate, const gk_weight &up, const gk_tensor &x, const gk_tensor &y) {
  VecJob job = vecJob(gate, x);
  job.operand[0] = {static_cast<const uint8_t *>(gate.data), nullptr, 0, gate.rows, 0};
  job.operand[1] = {static_cast<const uint8_t *>(up.data), nullptr, 0, up.rows, 0};
  const VecResult result = {
      static_cast<uint8_t *>(y.data),
      y.dtype == GK_F32 ? 4 * y.stride : y.cols / blockColumns * cpu::activationBlockBytes(y.dtype),
      cpu::tileCount(gate.rows), y.dtype};
  forVecType(gate, [&]<int Dtype>() {
    forTokens(x, [&]<bool Wide, int Tokens>() {
      launchVec<VecBlock<Dtype, Wide, Tokens>>(queue, job, ceilDiv(gate.rows, 2 * tileRows), gatedTurns,
                                               gatedMaxWarps<Wide, Tokens>, multiplyGated<Dtype, Wide, Tokens>, result);
    });
  });
}

}  // namespace gatun::cuda
