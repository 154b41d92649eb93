// vec_block.hpp: how a block of threads multiplies tiles with up to 16 rows of GK_A8 or GK_A16. See mat_mul_vec.cu.
#pragma once

#include "products/mat_mul_vec.hpp"
#include "small_ops/gated.hpp"
#include "small_ops/quantize.hpp"

namespace gatun::cuda {

// Of a block: as many as registers allow. 15 leave 128 a thread, 12 leave 168; 8 leave 255, since a scheduler has a
// quarter of all: sums of two digits and two scales a block take more than 168 on compute capability 8.0.
template <int Dtype, bool Wide, int Tokens>
constexpr int vecMaxWarps = [] {
  if (Wide && Tokens > 8 && Packed<Dtype>::runs > 1) {
    return 8;
  }
  return Tokens == 1 || Wide || Packed<Dtype>::codeWords + Packed<Dtype>::highWords > 4 ? 12 : 15;
}();

// What the launch of a gate | up needs beside the job: operands 0 and 1 are gate and up.
struct VecResult {
  uint8_t *y;
  int64_t yStride;  // bytes
  int64_t tiles;    // of each operand
  int32_t dtype;
};

// A slot's warps take chunks of 1024 columns of a tile, side by side and round after round; after each round their
// totals are added in the order of the chunks. In a round all turns come one after the other, since many tokens' chunks
// are staged once a round, for all slots. Weights are asked for two quads ahead, across turns and rounds.
template <int Dtype, bool Wide, int Tokens>
class VecBlock {
  using Sum = typename VecSumOf<Dtype, Wide, Tokens>::Type;
  using Scratch = typename Sum::Scratch;
  static constexpr int productFloats = Tokens * tileRows;  // [token][row]

 public:
  static constexpr int results = 4;  // of a slot: turns that keep sums between rounds
  static constexpr bool staged = Sum::staged;
  static int64_t sharedBytes(int64_t warps, int64_t slots) {
    return warps * (staged ? 1 : slots) * static_cast<int64_t>(sizeof(Scratch)) +
           (2 * warps + results) * slots * productFloats * static_cast<int64_t>(sizeof(float));
  }

  __device__ __forceinline__ VecBlock(const VecJob &job)
      : job_(job),
        scratch_(&shared<Scratch>()),
        floats_(reinterpret_cast<float *>(scratch_ + job.warps * (staged ? 1 : job.slots))),
        lane_(static_cast<int>(threadIdx.x % 32)),
        warpAndSlot_(placeOf(threadIdx.x / 32, static_cast<uint32_t>(job.warps))) {}

  // tileOf(turn): where the slot's tile is; null for none, and then for every later turn. soFar(turn): the result that
  // keeps its sums between rounds. finish(turn, i, sum): element i = 16 token + row of the tile's product, by the
  // thread that has element i of every turn. ended(turn): all threads, after the turn's products are finished.
  template <class TileOf, class SoFar, class Finish, class Ended>
  __device__ __forceinline__ void run(TileOf tileOf, SoFar soFar, Finish finish, Ended ended) {
    Sum sum(job_, scratch_[staged ? warp() : slot() * job_.warps + warp()], lane_);
    Quad<Dtype> ahead[2] = {};
    // The warp's next work, which `ahead` is of.
    int32_t chunk = warp();
    const uint8_t *tile = chunk < job_.chunks ? tileOf(0) : nullptr;
    load(ahead[0], tile, chunkQuads * chunk);
    load(ahead[1], tile, chunkQuads * chunk + 1);
    dependencyWait();
    dependencyTrigger();
    for (int32_t round = 0; round < job_.rounds; round++) {
      const int32_t now = round * job_.warps + warp();
      if constexpr (staged) {
        if (round > 0) {
          __syncthreads();
        }
        if (now < job_.chunks) {
          sum.stage(now, slot());
        }
        __syncthreads();
      }
      for (int32_t turn = 0; turn < job_.turns; turn++) {
        const int parity = (round * job_.turns + turn) % 2;
        if (tile != nullptr && chunk == now) {
          sum.clear();
#pragma unroll 1
          for (int q = 0; q < chunkQuads; q += 2) {
            sum.template add<0>(ahead[0], now, q);
            if (q + 2 == chunkQuads) {
              tile = turn + 1 < job_.turns ? tileOf(turn + 1) : nullptr;
              if (tile == nullptr) {
                chunk += job_.warps;
                tile = chunk < job_.chunks ? tileOf(0) : nullptr;
              }
            }
            const int32_t then = chunkQuads * chunk + (q + 2) % chunkQuads;
            load(ahead[0], tile, then);
            sum.template add<1>(ahead[1], now, q + 1);
            load(ahead[1], tile, then + 1);
          }
          sum.store(totals(warp(), parity));
        }
        __syncthreads();
        if (tileOf(turn) != nullptr) {
          addTotals(turn, round, parity, soFar(turn), finish);
        }
        if (round + 1 == job_.rounds) {
          ended(turn);
        }
      }
    }
  }

  // Memory of a slot for a tile's product, 0 to `results` - 1.
  __device__ __forceinline__ float *result(int slot, int n) const {
    return floats_ + (2 * job_.warps * job_.slots + results * slot + n) * productFloats;
  }
  __device__ __forceinline__ int slot() const { return static_cast<int>(warpAndSlot_ / 32); }
  __device__ __forceinline__ int warp() const { return static_cast<int>(warpAndSlot_ % 32); }
  // Of the launch's work tiles, the slot's in turn `turn`.
  __device__ __forceinline__ int64_t workTile(int32_t turn) const {
    return int64_t{turn * job_.slots + slot()} * gridDim.x + blockIdx.x;
  }

 private:
  // By a shuffle the compiler knows it to be the same in all lanes: what depends on it does not diverge.
  __device__ __forceinline__ static uint32_t placeOf(uint32_t warp, uint32_t warps) {
    return shuffle(warp / warps * 32 + warp % warps, 0);
  }

  __device__ __forceinline__ void load(Quad<Dtype> &to, const uint8_t *tile, int32_t quad) const {
    if (tile != nullptr) {
      loadQuad<Dtype>(to, tile, job_.shape, quad, lane_);
    }
  }

  // Of a warp of the slot: of this turn and the one before.
  __device__ __forceinline__ float *totals(int warp, int parity) const {
    return floats_ + (2 * (slot() * job_.warps + warp) + parity) * productFloats;
  }

  template <class Finish>
  __device__ __forceinline__ void addTotals(int32_t turn, int32_t round, int parity, float *soFar, Finish finish) {
    const int32_t left = job_.chunks - round * job_.warps, count = left < job_.warps ? left : job_.warps;
    for (int i = 32 * warp() + lane_; i < tileRows * job_.tokens; i += 32 * job_.warps) {
      float sum = totals(0, parity)[i];
      if (round > 0) {
        sum = soFar[i] + sum;
      }
      for (int32_t w = 1; w < count; w++) {
        sum += totals(w, parity)[i];
      }
      if (round + 1 < job_.rounds) {
        soFar[i] = sum;
      } else {
        finish(turn, i, sum);
      }
    }
  }

  const VecJob &job_;
  Scratch *scratch_;
  float *floats_;
  int lane_;
  uint32_t warpAndSlot_;  // the warp of its slot, and times 32, the slot: in one register
};

// A work tile is a tile of one of the operands.
template <int Dtype, bool Wide, int Tokens>
__global__ void __launch_bounds__(32 * vecMaxWarps<Dtype, Wide, Tokens>, 1) multiplyVec(VecJob job, int64_t tiles) {
  VecBlock<Dtype, Wide, Tokens> block(job);
  const auto operandOf = [&](int64_t tile) {
    VecOperand operand = job.operand[0];
    for (int i = 1; i < 3; i++) {
      if (tile >= job.operand[i].firstTile) {
        operand = job.operand[i];
      }
    }
    return operand;
  };
  const auto tileOf = [&](int32_t turn) -> const uint8_t * {
    const int64_t tile = block.workTile(turn);
    const VecOperand operand = operandOf(tile);
    return tile < tiles ? operand.data + (tile - operand.firstTile) * job.shape.planes.size : nullptr;
  };
  const auto soFar = [&](int32_t turn) { return block.result(block.slot(), turn); };
  const auto finish = [&](int32_t turn, int i, float sum) {
    const int64_t tile = block.workTile(turn);
    const VecOperand operand = operandOf(tile);
    const int64_t row = (tile - operand.firstTile) * tileRows + i % tileRows;
    if (row < operand.rows) {
      operand.y[i / tileRows * operand.yStride + row] = sum;
    }
  };
  block.run(tileOf, soFar, finish, [](int32_t) {});
}

// A work tile is 32 rows, in four turns: a tile of gate, the same of up, then the next tile of both.
constexpr int gatedTurns = 4;
template <bool Wide, int Tokens>
constexpr int gatedMaxWarps = Tokens > 1 && Wide ? 8 : 12;

// Quantises a work tile's 32 rows of all tokens: eight lanes a token, four rows a lane.
template <class Block>
__device__ __forceinline__ void quantizeWorkTile(const Block &block, const VecJob &job, const VecResult &to,
                                                 int64_t workTile) {
  const int lane = static_cast<int>(threadIdx.x % 32), eighth = lane % 8;  // of the 32 rows
  for (int begin = 4 * block.warp(); begin < job.tokens; begin += 4 * job.warps) {
    const int token = begin + lane / 8, known = token < job.tokens ? token : job.tokens - 1;
    const float *rows = block.result(block.slot(), eighth / 4 * 2);
    const float4 x = *reinterpret_cast<const float4 *>(rows + known * tileRows + 4 * (eighth % 4));
    uint8_t *row = token < job.tokens ? to.y + token * to.yStride : nullptr;
    if (to.dtype == GK_A8) {
      quantizeBlocks<GK_A8>(x, row != nullptr ? row + workTile * activationBlockBytes<GK_A8> : nullptr);
    } else {
      quantizeBlocks<GK_A16>(x, row != nullptr ? row + workTile * activationBlockBytes<GK_A16> : nullptr);
    }
  }
}

template <int Dtype, bool Wide, int Tokens>
__global__ void __launch_bounds__(32 * gatedMaxWarps<Wide, Tokens>, 1) multiplyGated(VecJob job, VecResult to) {
  VecBlock<Dtype, Wide, Tokens> block(job);
  const auto tileOf = [&](int32_t turn) -> const uint8_t * {
    const int64_t workTile = block.workTile(turn / gatedTurns), wanted = 2 * workTile + turn % gatedTurns / 2;
    const int64_t tile = wanted < to.tiles ? wanted : to.tiles - 1;  // the last work tile may have one tile
    return 2 * workTile < to.tiles ? job.operand[turn % 2].data + tile * job.shape.planes.size : nullptr;
  };
  const auto soFar = [&](int32_t turn) { return block.result(block.slot(), turn % gatedTurns); };
  const auto finish = [&](int32_t turn, int i, float sum) {
    float *gate = block.result(block.slot(), turn % gatedTurns / 2 * 2) + i;
    if (turn % 2 == 0) {
      *gate = sum;
      return;
    }
    const float value = gated(*gate, sum);
    const int64_t row = (2 * block.workTile(turn / gatedTurns) + turn % gatedTurns / 2) * tileRows + i % tileRows;
    if (to.dtype != GK_F32) {
      *gate = value;
    } else if (row < job.operand[0].rows) {
      reinterpret_cast<float *>(to.y + i / tileRows * to.yStride)[row] = value;
    }
  };
  block.run(tileOf, soFar, finish, [&](int32_t turn) {
    if (to.dtype != GK_F32 && turn % gatedTurns == gatedTurns - 1) {
      __syncthreads();
      const int64_t workTile = block.workTile(turn / gatedTurns);
      if (2 * workTile < to.tiles) {
        quantizeWorkTile(block, job, to, workTile);
      }
    }
  });
}

}  // namespace gatun::cuda
