// expert_down.cu: the experts' second matrix and the weighted sum over a token's experts, in ascending j.
//
// A block has 16 rows of a token. Its slots multiply the token's choices side by side; the first warp then adds their
// results. Bytes: the matrices of each token's choices once, from the second-level cache where tokens share an expert:
// blocks of the same rows of all tokens lie side by side. Operations: 2 * tokens * k * hidden * ff. Limit: memory for
// few tokens; that cache for many.
#include "experts.hpp"
#include "mat_mul_float.hpp"
#include "ops.hpp"

namespace gatun::cuda {
namespace {

struct Shares {
  const float *data;  // (tokens, k)
  int64_t stride;
};

template <int Dtype, bool Wide>
__global__ void __launch_bounds__(32 * vecMaxWarps<Dtype, Wide, 1>, 1) addExperts(ExpertJob job, Shares shares) {
  const auto tokens = static_cast<uint32_t>(job.rows);
  const int64_t token = blockIdx.x % tokens, tile = blockIdx.x / tokens;
  const VecOperand &down = job.vec.operand[0];
  const int64_t row = tile * tileRows + threadIdx.x;
  float total = 0;
  VecJob own = job.vec;
  const VecBlock<Dtype, Wide, 1> results(own);
  dependencyWait();
  for (int first = 0; first < job.k; first += own.slots) {
    const int left = job.k - first, count = left < own.slots ? left : own.slots;
    const int j = first + (results.slot() < count ? results.slot() : count - 1);
    const uint8_t *data = down.data + expertOf(job, token, j) * job.expertStride[0] + tile * own.shape.planes.size;
    own.x = job.vec.x + (token * job.k + j) * own.xRowBytes;
    float *result = results.result(results.slot(), 0);
    VecBlock<Dtype, Wide, 1>(own).run([&](int32_t) { return data; }, [&](int32_t) { return result; },
                                      [&](int32_t, int i, float sum) { result[i] = sum; }, [](int32_t) {});
    __syncthreads();
    if (threadIdx.x < tileRows) {
      for (int slot = 0; slot < count; slot++) {
        total = fmaf(shares.data[token * shares.stride + first + slot], results.result(slot, 0)[threadIdx.x], total);
      }
    }
    __syncthreads();
  }
  if (threadIdx.x < tileRows && row < down.rows) {
    down.y[token * down.yStride + row] = total;
  }
}

}  // namespace

void expertDown(const Queue &queue, const gk_weight &down, const gk_tensor &h, const gk_tensor &ids,
                const gk_tensor &weights, const gk_tensor &y) {
  if (y.rows == 0) {
    return;
  }
  if (h.dtype == GK_F32) {
    FloatJob job = floatJob(down, nullptr, h, y);
    job.ids = static_cast<const int32_t *>(ids.data);
    job.idStride = ids.stride;
    job.shares = static_cast<const float *>(weights.data);
    job.shareStride = weights.stride;
    job.k = static_cast<int32_t>(ids.cols);
    forWeightType(down.dtype, [&]<int Dtype>() { addExpertsFloats<Dtype>(queue, job); });
    return;
  }
  ExpertJob job = expertJob(down, h, ids, y);
  job.vec.turns = 1;
  job.vec.operand[0] = {static_cast<const uint8_t *>(down.data), static_cast<float *>(y.data), y.stride, down.rows, 0};
  const Shares shares = {static_cast<const float *>(weights.data), weights.stride};
  const int64_t blocks = ceilDiv(down.rows, tileRows) * y.rows;
  const auto start = [&]<int Dtype, bool Wide>() {
    using Block = VecBlock<Dtype, Wide, 1>;
    const int64_t most = mostWarps<Block>(queue, vecMaxWarps<Dtype, Wide, 1>), each = most / job.k;
    shareChunks(job.vec, each < 1 ? 1 : each);
    const int64_t slots = most / job.vec.warps;
    job.vec.slots = static_cast<int32_t>(slots < job.k ? slots : job.k);
    const int warps = job.vec.slots * job.vec.warps;
    launch(queue, {gridOf(blocks), static_cast<unsigned>(32 * warps), Block::sharedBytes(job.vec.warps, job.vec.slots)},
           addExperts<Dtype, Wide>, job, shares);
  };
  forQuantizedType(down.dtype, [&]<int Dtype>() {
    h.dtype == GK_A16 ? start.template operator()<Dtype, true>() : start.template operator()<Dtype, false>();
  });
}

}  // namespace gatun::cuda
