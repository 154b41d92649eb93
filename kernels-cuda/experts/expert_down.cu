// expert_down.cu: the experts' second matrix, of every (token, choice) pair with the expert it chose.
//
// A work tile is 16 rows of a pair; a block's slots take one each, side by side. Bytes: each pair's matrix once,
// from the second-level cache where pairs share an expert: work tiles of the same rows of all pairs lie side by side.
// Operations: 2 * pairs * hidden * ff. Limit: memory for few tokens; that cache for many.
#include "experts/experts.hpp"
#include "ops.hpp"
#include "products/mat_mul_float.hpp"

namespace gatun::cuda {
namespace {

template <int Dtype, bool Wide>
__global__ void __launch_bounds__(32 * vecMaxWarps<Dtype, Wide, 1>, 1) multiplyDown(ExpertJob job) {
  const VecOperand &down = job.vec.operand[0];
  const int64_t tiles = (down.rows + tileRows - 1) / tileRows;
  VecJob own = job.vec;
  const int64_t workTile = VecBlock<Dtype, Wide, 1>(own).workTile(0), pair = workTile % job.rows,
                tile = workTile / job.rows;
  own.x += pair * own.xRowBytes;
  const VecBlock<Dtype, Wide, 1> block(own);
  dependencyWait();
  const int64_t expert = expertOf(job, pair / job.k, static_cast<int>(pair % job.k));
  const uint8_t *data = down.data + expert * job.expertStride[0] + tile * own.shape.planes.size;
  VecBlock<Dtype, Wide, 1>(own).run([&](int32_t) { return tile < tiles ? data : nullptr; },
                                    [&](int32_t) { return block.result(block.slot(), 0); },
                                    [&](int32_t, int i, float sum) {
                                      if (tile * tileRows + i < down.rows) {
                                        down.y[pair * down.yStride + tile * tileRows + i] = sum;
                                      }
                                    },
                                    [](int32_t) {});
}

}  // namespace

void expertDown(const Queue &queue, const gk_weight &down, const gk_tensor &h, const gk_tensor &ids,
                const gk_tensor &y) {
  if (y.rows == 0) {
    return;
  }
  if (h.dtype == GK_F32) {
    FloatJob job = floatJob(down, nullptr, h, y);
    job.ids = static_cast<const int32_t *>(ids.data);
    job.idStride = ids.stride;
    job.k = static_cast<int32_t>(ids.cols);
    forWeightType(down.dtype, [&]<int Dtype>() { multiplyFloats<Dtype>(queue, job); });
    return;
  }
  ExpertJob job = expertJob(down, h, ids, y);
  job.vec.turns = 1;
  job.vec.operand[0] = {static_cast<const uint8_t *>(down.data), static_cast<float *>(y.data), y.stride, down.rows, 0};
  const int64_t workTiles = ceilDiv(down.rows, tileRows) * y.rows;
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
  forQuantizedType(down.dtype, [&]<int Dtype>() {
    h.dtype == GK_A16 ? start.template operator()<Dtype, true>() : start.template operator()<Dtype, false>();
  });
}

}  // namespace gatun::cuda
