// gate_up_vec.cu: y = silu(x * gate^T) * (x * up^T) for 1 to 16 rows of GK_A8 or GK_A16, as floats or quantised.
//
// Bytes, operations and limit: those of mat_mul_vec.cu, of both weights. Grid: a block for 32 rows, so that it has a
// whole block of the quantised result; two tiles of gate, then the two of up, each shared by as many warps as chunks.
#include "ops.hpp"
#include "vec_block.hpp"

namespace gatun::cuda {

void gateUpVec(const Queue &queue, const gk_weight &gate, const gk_weight &up, const gk_tensor &x, const gk_tensor &y) {
  VecJob job = vecJob(gate, x);
  job.operand[0] = {static_cast<const uint8_t *>(gate.data), nullptr, 0, gate.rows, 0};
  job.operand[1] = {static_cast<const uint8_t *>(up.data), nullptr, 0, up.rows, 0};
  const VecResult result = {
      static_cast<uint8_t *>(y.data),
      y.dtype == GK_F32 ? 4 * y.stride : y.cols / blockColumns * cpu::activationBlockBytes(y.dtype), y.dtype};
  forQuantizedType(gate.dtype, [&]<int Dtype>() {
    forTokens(x, [&]<bool Wide, int Tokens>() {
      using Shared = typename VecBlock<Dtype, Wide, Tokens>::Shared;
      shareChunks(job, mostWarps<Shared, Tokens>(queue));
      // Three results between turns need two warps; a single chunk has one.
      job.slots = job.warps == 1 ? 2 : 1;
      job.turns = 4 / job.slots;
      const int warps = job.slots * job.warps;
      launch(queue,
             {gridOf(ceilDiv(gate.rows, 2 * tileRows)), static_cast<unsigned>(32 * warps),
              warps * static_cast<int64_t>(sizeof(Shared))},
             multiplyGated<Dtype, Wide, Tokens>, job, result);
    });
  });
}

}  // namespace gatun::cuda
