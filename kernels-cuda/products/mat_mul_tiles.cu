// mat_mul_tiles.cu: mat_mul and gate_up of many rows of GK_A8 or GK_A16: int8 tensor cores, exact dot products of
// blocks of 32 columns, fp32 sums in the order of products.hpp, so that a row's bits are those that few rows give.
//
// A block of 8 warps makes 128 weight rows x 128 tokens, a warp 32 x 64, two blocks of columns (a pair) at a time. Four
// pairs are under way by cp.async: the codes as they are packed and the activations' digits; the scales of both go
// through registers. Codes become fragments when they are read. Types with two scales a block, Q4_1, Q5_1 and GK_A16
// have 64 tokens; where these blocks would fill the device badly, 64 x 32 by 2 warps. The grid has all token tiles of a
// row tile side by side, so that weights come from memory once. Shared memory: 48 to 82 KiB, 22 to 34 of the small
// ones.
//
// Bytes of a block and pair from the second-level cache: 128 x 64 weights, 4.5 KiB at 4.5 bits, and 128 tokens' 10
// KiB: 14.5 KiB for 256 mma of m16n8k32, 14 bytes a cycle and multiprocessor at 16 cycles an mma and scheduler.
// Operations: 2 * rows * cols * tokens.
// Instructions of a warp an mma (16 rows, 8 tokens, 32 columns), counted in the machine code for sm_90:
//   Q4_0: 1 mma, 8 for the results (magic number to float and the row's scale in one fma, the token's in another), 1
//         from shared memory, 2.5 for codes and addresses, 2.7 for copies, scales and chunks: 15.2
//   AWQ:  1 more for zeros, subtracted from codes, and 0.8 for what they are kept in: 17.0
//   Q4_K: 4 more fma for the shifts: 19.4     Q6_K: 32.4
// The scheduler's one instruction a cycle is the limit where the mma takes less. An H200 in bfloat16 takes 8 cycles for
// the operations of this mma: at most 53 % (Q4_0), 47 % (AWQ) and 41 % (Q4_K) of its datasheet's peak, or 85, 76 and 67
// % of what mma.sync reaches, which is 62 % of that. An RTX 4090 takes 64, and 16 in int8: at most 400, 376 and 330 %.
// A prompt of 2,048 tokens has 640 blocks of 5120 rows: 97 % of five turns of an H200's 132 multiprocessors; one of 512
// has 160, 61 % of two: then small tiles take less time, though 25 instructions an mma.
#include "ops.hpp"
#include "products/mat_mul_tiles.hpp"

namespace gatun::cuda {

namespace {

void multiply(const Queue &queue, const gk_weight &weight, const gk_weight *up, const gk_tensor &x,
              const gk_tensor &y) {
  TilesJob job = tilesJob(weight, up, x, y);
  job.groups = allRows(x.rows);
  forQuantizedType(weight.dtype, [&]<int Dtype>() { multiplyTiles<Dtype>(queue, job, x.dtype == GK_A16); });
}

}  // namespace

void matMulTiles(const Queue &queue, const gk_weight &weight, const gk_tensor &x, const gk_tensor &y) {
  multiply(queue, weight, nullptr, x, y);
}

void gateUpTiles(const Queue &queue, const gk_weight &gate, const gk_weight &up, const gk_tensor &x,
                 const gk_tensor &y) {
  multiply(queue, gate, &up, x, y);
}

}  // namespace gatun::cuda
