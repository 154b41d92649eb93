// expert_down.cu: the experts' second matrix, of every (token, choice) pair with the expert it chose; and the matrices
// of heads, which are chosen by all tokens.
//
// Few rows go one by one. A work tile is 16 rows of a pair's matrix; a block's slots take one each, side by side.
// Bytes: each pair's matrix once, from the second-level cache where pairs share an expert: work tiles of the same rows
// of all pairs lie side by side. Limit: memory. Where experts have three rows and more each, rows are sorted
// (sort_rows.cu) and go through the tiles of products/mat_mul_tiles.cu, or of mat_mul_float.cu: a group of an expert's
// rows at a time. Bytes: every chosen expert's once. Operations: 2 * pairs * hidden * ff. Limit: tensor cores.
#include "experts/experts.hpp"
#include "ops.hpp"
#include "products/mat_mul_float.hpp"
#include "products/mat_mul_tiles.hpp"

namespace gatun::cuda {
namespace {

template <int Dtype, bool Wide>
__global__ void __launch_bounds__(32 * vecMaxWarps<Dtype, Wide, 1>, 1) multiplyDown(ExpertJob job) {
  const VecOperand &down = job.vec.operand[0];
  const int64_t tiles = (down.rows + tileRows - 1) / tileRows;
  VecJob own = job.vec;
  const int64_t workTile = VecBlock<Dtype, Wide, 1>(own).workTile(0), pair = workTile % job.rows,
                tile = workTile / job.rows, token = pair / job.k;
  const int choice = static_cast<int>(pair % job.k);
  own.x += token * job.tokenX + choice * job.choiceX;
  const VecBlock<Dtype, Wide, 1> block(own);
  dependencyWait();
  const int64_t expert = expertOf(job, token, choice);
  const bool exists = expert >= 0 && tile < tiles;
  const uint8_t *data = exists ? down.data + expert * job.expertStride[0] + tile * own.shape.planes.size : nullptr;
  float *const y = down.y + token * job.tokenY + choice * job.choiceY;
  VecBlock<Dtype, Wide, 1>(own).run([&](int32_t) { return data; },
                                    [&](int32_t) { return block.result(block.slot(), 0); },
                                    [&](int32_t, int i, float sum) {
                                      if (tile * tileRows + i < down.rows) {
                                        y[tile * tileRows + i] = sum;
                                      }
                                    },
                                    [](int32_t) {});
}

}  // namespace

void multiplyRowByRow(const Queue &queue, const gk_weight &weight, const gk_tensor &x, ExpertJob job,
                      const gk_tensor &y) {
  job.vec.turns = 1;
  job.vec.operand[0] = {static_cast<const uint8_t *>(weight.data), static_cast<float *>(y.data), y.stride, weight.rows,
                        0};
  const int64_t workTiles = ceilDiv(weight.rows, tileRows) * job.rows;
  const auto start = [&]<int Dtype, bool Wide>() {
    using Block = VecBlock<Dtype, Wide, 1>;
    const int64_t most = mostWarps<Block>(queue, vecMaxWarps<Dtype, Wide, 1>);
    shareChunks(job.vec, most);
    const int64_t fit = (most < 8 ? most : 8) / job.vec.warps, each = workTiles / (2 * queue.multiprocessors);
    job.vec.slots = static_cast<int32_t>(each < 1 || fit < 1 ? 1 : each < fit ? each : fit);
    const int warps = job.vec.slots * job.vec.warps;
    launch(queue,
           {gridOf(ceilDiv(workTiles, job.vec.slots)), static_cast<unsigned>(32 * warps),
            Block::sharedBytes(job.vec.warps, job.vec.slots)},
           multiplyDown<Dtype, Wide>, job);
  };
  forQuantizedType(weight.dtype, [&]<int Dtype>() {
    x.dtype == GK_A16 ? start.template operator()<Dtype, true>() : start.template operator()<Dtype, false>();
  });
}

void expertDown(const Queue &queue, const gk_weight &down, const gk_tensor &h, const gk_tensor &ids,
                const gk_tensor &y) {
  if (y.rows == 0) {
    return;
  }
  const bool sorts = worthSorting(queue, y.rows, down.experts);
  if (h.dtype == GK_F32) {
    multiplyExpertFloats(queue, floatJob(down, nullptr, h, y), down, ids, expertRows(down, y.rows, 1), sorts);
    return;
  }
  if (sorts) {
    TilesJob job = tilesJob(down, nullptr, h, y);
    job.groups = expertRows(down, y.rows, 1);
    job.ids = &ids;
    forQuantizedType(down.dtype, [&]<int Dtype>() { multiplyTiles<Dtype>(queue, job, h.dtype == GK_A16); });
    return;
  }
  ExpertJob job = expertJob(down, h, ids, y);
  job.choiceX = job.tokenX;
  job.tokenX *= job.k;
  multiplyRowByRow(queue, down, h, job, y);
}

}  // namespace gatun::cuda
