// vec_block.hpp: how a block of threads multiplies tiles with up to 16 rows of GK_A8 or GK_A16, and how it is started.
// See mat_mul_vec.cu.
#pragma once

#include "gated.hpp"
#include "mat_mul_vec.hpp"
#include "quantize.hpp"

namespace gatun::cuda {

// Of a block: as many as registers allow.
constexpr int vecMaxWarps(int tokens) { return tokens == 1 ? 12 : 8; }
// Blocks of that size that a multiprocessor must hold: 2 keep to 128 registers a thread, where that needs no spills.
template <int Dtype, bool Wide, int Tokens>
constexpr int vecBlocks =
    Tokens == 8 && !Wide && Packed<Dtype>::shifted && Packed<Dtype>::codeWords + Packed<Dtype>::highWords == 4 ? 2 : 1;

// What the launch of a gate | up needs beside the job: operands 0 and 1 are gate and up.
struct VecResult {
  uint8_t *y;
  int64_t yStride;  // bytes
  int32_t dtype;
};

// Of every warp; the block has as many as warps.
template <class Sum>
struct alignas(16) VecShared {
  typename Sum::Scratch scratch;
  float totals[2][Sum::tokens * tileRows];  // [token][row] of a chunk; of this step and the one before
  float result[2][Sum::tokens * tileRows];  // see VecBlock::result
};

// A slot's warps take chunks of 1024 columns of a tile, side by side and round after round; after each round their
// totals are added in the order of the chunks. Weights are asked for two quads ahead, across rounds and turns.
template <int Dtype, bool Wide, int Tokens>
class VecBlock {
  using Sum = typename VecSumOf<Dtype, Wide, Tokens>::Type;

 public:
  using Shared = VecShared<Sum>;

  __device__ __forceinline__ VecBlock(const VecJob &job)
      : job_(job),
        warps_(&shared<Shared>()),
        lane_(static_cast<int>(threadIdx.x % 32)),
        warp_(uniform(static_cast<int>(threadIdx.x / 32) % job.warps)),
        slot_(uniform(static_cast<int>(threadIdx.x / 32) / job.warps)),
        rounds_((job.chunks + job.warps - 1) / job.warps) {}

  // tileOf(turn): where the slot's tile is. soFar(turn): the result that keeps its sums between rounds. finish(turn, i,
  // sum): element i = 16 token + row of the tile's product, by the thread that has element i of every turn.
  template <class TileOf, class SoFar, class Finish>
  __device__ __forceinline__ void run(TileOf tileOf, SoFar soFar, Finish finish) {
    // Rounds that have a chunk for this warp: the last may not.
    const int32_t own = (job_.chunks - warp_ + job_.warps - 1) / job_.warps;
    Sum sum(job_, warps_[threadIdx.x / 32].scratch, lane_);
    Quad<Dtype> ahead[2] = {};
    const uint8_t *tile = tileOf(0);
    loadQuad<Dtype>(ahead[0], tile, job_.shape, chunkQuads * warp_, lane_);
    loadQuad<Dtype>(ahead[1], tile, job_.shape, chunkQuads * warp_ + 1, lane_);
    dependencyWait();
    dependencyTrigger();
    sum.ask(warp_);
    int parity = 0;
    for (int32_t turn = 0; turn < job_.turns; turn++) {
      for (int32_t round = 0; round < rounds_; round++, parity ^= 1) {
        if (round < own) {
          const int32_t chunk = round * job_.warps + warp_;
          const bool last = round + 1 == own;
          const int32_t next = !last ? chunk + job_.warps : turn + 1 < job_.turns ? warp_ : -1;
          const uint8_t *nextTile = last && next >= 0 ? tileOf(turn + 1) : tile;
          sum.clear();
#pragma unroll 1
          for (int q = 0; q < chunkQuads; q += 2) {
            const int32_t then = q == 0 ? chunkQuads * chunk + 2 : next >= 0 ? chunkQuads * next : job_.shape.pairs;
            const uint8_t *thenTile = q == 0 ? tile : nextTile;
            sum.template add<0>(ahead[0], chunk, q, next);
            loadQuad<Dtype>(ahead[0], thenTile, job_.shape, then, lane_);
            sum.template add<1>(ahead[1], chunk, q + 1, next);
            loadQuad<Dtype>(ahead[1], thenTile, job_.shape, then + 1, lane_);
          }
          tile = nextTile;
          sum.store(warps_[threadIdx.x / 32].totals[parity]);
        }
        __syncthreads();
        addTotals(turn, round, parity, soFar(turn), finish);
      }
    }
  }

  // Memory of a slot for a tile's product; it has two for each of its warps.
  __device__ __forceinline__ float *result(int slot, int n) const {
    return warps_[slot * job_.warps + n / 2].result[n % 2];
  }
  __device__ __forceinline__ int slot() const { return slot_; }

 private:
  // The same value, known to the compiler to be the same in all lanes: what depends on it does not diverge.
  __device__ __forceinline__ static int uniform(int value) { return shuffle(value, 0); }

  template <class Finish>
  __device__ __forceinline__ void addTotals(int32_t turn, int32_t round, int parity, float *soFar, Finish finish) {
    const int first = slot_ * job_.warps;
    const int32_t left = job_.chunks - round * job_.warps, count = left < job_.warps ? left : job_.warps;
    for (int i = static_cast<int>(threadIdx.x) - 32 * first; i < tileRows * job_.tokens; i += 32 * job_.warps) {
      float sum = warps_[first].totals[parity][i];
      if (round > 0) {
        sum = soFar[i] + sum;
      }
      for (int32_t w = 1; w < count; w++) {
        sum += warps_[first + w].totals[parity][i];
      }
      if (round + 1 < rounds_) {
        soFar[i] = sum;
      } else {
        finish(turn, i, sum);
      }
    }
  }

  const VecJob &job_;
  Shared *warps_;
  int lane_, warp_, slot_;
  int32_t rounds_;
};

template <int Dtype, bool Wide, int Tokens>
__global__ void __launch_bounds__(32 * vecMaxWarps(Tokens), vecBlocks<Dtype, Wide, Tokens>) multiplyVec(VecJob job) {
  VecBlock<Dtype, Wide, Tokens> block(job);
  VecOperand operand = job.operand[0];
  for (int i = 1; i < 3; i++) {
    if (blockIdx.x >= job.operand[i].firstBlock) {
      operand = job.operand[i];
    }
  }
  const int64_t tiles = (operand.rows + tileRows - 1) / tileRows;
  const int64_t first = (blockIdx.x - operand.firstBlock) * job.slots * job.turns + block.slot();
  const auto tileOf = [&](int32_t turn) {
    const int64_t tile = first + turn * job.slots;
    return operand.data + (tile < tiles ? tile : tiles - 1) * job.shape.planes.size;
  };
  const auto soFar = [&](int32_t) { return block.result(block.slot(), 0); };
  block.run(tileOf, soFar, [&](int32_t turn, int i, float sum) {
    const int64_t row = (first + turn * job.slots) * tileRows + i % tileRows;
    if (row < operand.rows) {
      operand.y[i / tileRows * operand.yStride + row] = sum;
    }
  });
}

// A block has 32 rows: two tiles, one in each of two slots or one after the other; of a tile gate, then up.
template <int Dtype, bool Wide, int Tokens>
__global__ void __launch_bounds__(32 * vecMaxWarps(Tokens), vecBlocks<Dtype, Wide, Tokens>)
    multiplyGated(VecJob job, VecResult to) {
  VecBlock<Dtype, Wide, Tokens> block(job);
  const int64_t rows = job.operand[0].rows, tiles = (rows + tileRows - 1) / tileRows;
  const int64_t first = int64_t{2} * blockIdx.x + block.slot();
  const auto tileOf = [&](int32_t turn) {
    const int64_t tile = first + turn / 2;
    return (turn % 2 == 0 ? job.operand[0].data : job.operand[1].data) +
           (tile < tiles ? tile : tiles - 1) * job.shape.planes.size;
  };
  const auto soFar = [&](int32_t turn) { return block.result(block.slot(), turn % 2 == 0 ? turn / 2 : job.turns / 2); };
  block.run(tileOf, soFar, [&](int32_t turn, int i, float sum) {
    float *gate = block.result(block.slot(), turn / 2) + i;
    if (turn % 2 == 0) {
      *gate = sum;
      return;
    }
    const float value = gated(*gate, sum);
    const int64_t row = (first + turn / 2) * tileRows + i % tileRows;
    if (to.dtype != GK_F32) {
      *gate = value;
    } else if (row < rows) {
      reinterpret_cast<float *>(to.y + i / tileRows * to.yStride)[row] = value;
    }
  });
  if (to.dtype == GK_F32) {
    return;
  }
  __syncthreads();
  // Eight lanes a token, four rows a lane.
  const int place = static_cast<int>(threadIdx.x) % 8;
  for (int begin = static_cast<int>(threadIdx.x / 32) * 4; begin < job.tokens;
       begin += static_cast<int>(blockDim.x) / 8) {
    const int token = begin + static_cast<int>(threadIdx.x % 32) / 8,
              known = token < job.tokens ? token : job.tokens - 1;
    const float *rowsOfTile = job.slots == 2 ? block.result(place / 4, 0) : block.result(0, place / 4);
    const float4 x = *reinterpret_cast<const float4 *>(rowsOfTile + known * tileRows + 4 * (place % 4));
    uint8_t *row = token < job.tokens ? to.y + token * to.yStride : nullptr;
    if (to.dtype == GK_A8) {
      quantizeBlocks<GK_A8>(x, row != nullptr ? row + blockIdx.x * activationBlockBytes<GK_A8> : nullptr);
    } else {
      quantizeBlocks<GK_A16>(x, row != nullptr ? row + blockIdx.x * activationBlockBytes<GK_A16> : nullptr);
    }
  }
}

// ---- starting ----

// Chooses warps for a slot: as few rounds as `most` warps allow, and as few warps as those rounds need.
inline void shareChunks(VecJob &job, int64_t most) {
  const int64_t rounds = ceilDiv(job.chunks, most);
  job.warps = static_cast<int32_t>(ceilDiv(job.chunks, rounds));
}

inline VecJob vecJob(const gk_weight &weight, const gk_tensor &x) {
  VecJob job = {};
  job.shape = matrixOf(weight);
  job.x = static_cast<const uint8_t *>(x.data);
  job.xRowBytes = x.cols / blockColumns * cpu::activationBlockBytes(x.dtype);
  job.tokens = static_cast<int32_t>(x.rows);
  job.chunks = static_cast<int32_t>(ceilDiv(x.cols, chunkColumns));
  return job;
}

// Most warps that a block's shared memory holds.
template <class Shared, int Tokens>
int64_t mostWarps(const Queue &queue) {
  const int64_t fit = queue.sharedLimit / static_cast<int64_t>(sizeof(Shared));
  return fit < vecMaxWarps(Tokens) ? fit : vecMaxWarps(Tokens);
}

// call.operator()<Wide, Tokens>() for the activations' type and rows.
template <class Call>
void forTokens(const gk_tensor &x, Call call) {
  const bool wide = x.dtype == GK_A16;
  if (x.rows == 1) {
    wide ? call.template operator()<true, 1>() : call.template operator()<false, 1>();
  } else if (x.rows <= 8) {
    wide ? call.template operator()<true, 8>() : call.template operator()<false, 8>();
  } else {
    wide ? call.template operator()<true, 16>() : call.template operator()<false, 16>();
  }
}

}  // namespace gatun::cuda
