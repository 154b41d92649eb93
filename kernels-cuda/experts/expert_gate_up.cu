// expert_gate_up.cu: gate_up of every token with each of its experts, chosen on the device.
//
// Few rows go one by one: a block has 32 rows of a (token, choice) pair: gate's two tiles, then up's, as in
// products/gate_up_vec.cu. Bytes: each pair's two matrices once, from the second-level cache where pairs share an
// expert: blocks of the same rows of all pairs lie side by side. Limit: memory. Where experts have three rows and more
// each, rows are sorted and go through tiles, as in expert_down.cu. Operations: 4 * pairs * ff * hidden.
#include "experts/experts.hpp"
#include "ops.hpp"
#include "products/mat_mul_float.hpp"
#include "products/mat_mul_tiles.hpp"

namespace gatun::cuda {
namespace {

template <int Dtype, bool Wide>
__global__ void __launch_bounds__(32 * vecMaxWarps<Dtype, Wide, 1>, 1) multiplyExperts(ExpertJob job) {
  const int64_t pair = blockIdx.x % static_cast<unsigned>(job.rows), token = pair / job.k;
  const int64_t rows = job.vec.operand[0].rows, tiles = (rows + tileRows - 1) / tileRows;
  VecJob own = job.vec;
  own.x += token * job.tokenX;
  const VecBlock<Dtype, Wide, 1> block(own);
  dependencyWait();
  const int64_t expert = expertOf(job, token, static_cast<int>(pair % job.k));
  if (expert < 0) {
    return;  // the whole block
  }
  const uint8_t *gate = own.operand[0].data + expert * job.expertStride[0];
  const uint8_t *up = own.operand[1].data + expert * job.expertStride[1];
  const int64_t wanted = int64_t{2} * (blockIdx.x / static_cast<unsigned>(job.rows)) + block.slot();
  const int64_t tile = wanted < tiles ? wanted : tiles - 1;
  VecBlock<Dtype, Wide, 1>(own).run(
      [&](int32_t turn) { return (turn == 0 ? gate : up) + tile * own.shape.planes.size; },
      [&](int32_t turn) { return block.result(block.slot(), turn); },
      [&](int32_t turn, int i, float sum) {
        float *first = block.result(block.slot(), 0) + i;
        const int64_t row = wanted * tileRows + i;
        if (turn == 0) {
          *first = sum;
        } else if (row < rows) {
          own.operand[0].y[pair * own.operand[0].yStride + row] = gated(*first, sum);
        }
      },
      [](int32_t) {});
}

}  // namespace

void expertGateUp(const Queue &queue, const gk_weight &gate, const gk_weight &up, const gk_tensor &x,
                  const gk_tensor &ids, const gk_tensor &y) {
  if (y.rows == 0) {
    return;
  }
  const bool sorts = worthSorting(queue, y.rows, gate.experts);
  if (x.dtype == GK_F32) {
    multiplyExpertFloats(queue, floatJob(gate, &up, x, y), gate, ids, expertRows(gate, y.rows, ids.cols), sorts);
    return;
  }
  if (sorts) {
    TilesJob job = tilesJob(gate, &up, x, y);
    job.groups = expertRows(gate, y.rows, ids.cols);
    job.ids = &ids;
    forQuantizedType(gate.dtype, [&]<int Dtype>() { multiplyTiles<Dtype>(queue, job, x.dtype == GK_A16); });
    return;
  }
  ExpertJob job = expertJob(gate, x, ids, y);
  job.expertStride[1] = up.expert_stride;
  job.vec.slots = 2, job.vec.turns = 2;
  job.vec.operand[0] = {static_cast<const uint8_t *>(gate.data), static_cast<float *>(y.data), y.stride, gate.rows, 0};
  job.vec.operand[1] = {static_cast<const uint8_t *>(up.data), nullptr, 0, up.rows, 0};
  const int64_t blocks = ceilDiv(gate.rows, 2 * tileRows) * y.rows;
  const auto start = [&]<int Dtype, bool Wide>() {
    using Block = VecBlock<Dtype, Wide, 1>;
    shareChunks(job.vec, mostWarps<Block>(queue, vecMaxWarps<Dtype, Wide, 1>) / 2);
    launch(queue, {gridOf(blocks), static_cast<unsigned>(64 * job.vec.warps), Block::sharedBytes(job.vec.warps, 2)},
           multiplyExperts<Dtype, Wide>, job);
  };
  forQuantizedType(gate.dtype, [&]<int Dtype>() {
    x.dtype == GK_A16 ? start.template operator()<Dtype, true>() : start.template operator()<Dtype, false>();
  });
}

}  // namespace gatun::cuda
