// mat_mul_tiles_block.hpp: a block's tile of weight rows x tokens on int8 tensor cores, and how it is started; see
// mat_mul_tiles.cu.
#pragma once

#include "device/queue.hpp"
#include "products/mat_mul_tiles_stage.hpp"
#include "small_ops/gated.hpp"
#include "small_ops/quantize.hpp"

namespace gatun::cuda {

// Weight rows x tokens of a block of threads.
template <int Dtype, int Digits, class Shape>
class TilesBlock {
 public:
  using P = Packed<Dtype>;
  using Stage = TilesStage<Dtype, Digits, Shape>;
  using Shared = typename Stage::Shared;

  __device__ __forceinline__ TilesBlock(const TilesJob &job) : job_(job), s_(shared<Shared>()), stage_(job, s_) {}

  __device__ __forceinline__ void run() {
    if (!stage_.begin()) {
      return;
    }
    const int pairs = job_.matrix.pairs;
    for (int i = 0; i < Shared::kStages - 1; i++) {
      stage_.copyCodes(i);
    }
    stage_.prepareFactors(0);
    dependencyWait();
    for (int i = 0; i < Shared::kStages - 1; i++) {
      stage_.copyDigits(i);
      copyAsyncCommit();
    }
    stage_.storeHeader(0, stage_.loadHeader(0));
    fill(acc_, 0);
    fill(total_, -0.0f);  // to which adding the first chunk's total changes no bit of it
    const bool idle = stage_.across() * 8 * Shape::kTokenTiles >= stage_.tokens() || stage_.tileOf(0) >= stage_.tiles();
    for (int pair = 0; pair < pairs; pair++) {
      copyAsyncWait<Shared::kStages - 2>();
      __syncthreads();
      stage_.copyCodes(pair + Shared::kStages - 1);
      stage_.copyDigits(pair + Shared::kStages - 1);
      copyAsyncCommit();
      if (!idle) {
        multiplyPair<0>(pair);
      }
      const typename Stage::Header header = stage_.loadHeader(pair + 1);  // here, where fewer registers are in use
      if (!idle) {
        if (2 * pair + 1 < job_.matrix.blocks) {
          multiplyPair<1>(pair);
        }
        if (pair % chunkPairs == chunkPairs - 1 || pair == pairs - 1) {
          endChunk();
        }
      }
      if (pair + 1 < pairs) {
        stage_.storeHeader(pair + 1, header);
        if (pair % 4 == 3) {
          stage_.prepareFactors(pair / 4 + 1);
        }
      }
    }
    copyAsyncWait<0>();
    dependencyTrigger();
    finish();
  }

 private:
  static constexpr bool kWide = Digits == 2;
  static constexpr int chunkPairs = chunkBlocks / 2;
  using Sums = float[Shape::kRowTiles][Shape::kTokenTiles][4];

  static __device__ __forceinline__ void fill(Sums &sums, float value) {
#pragma unroll
    for (int m = 0; m < Shape::kRowTiles; m++) {
#pragma unroll
      for (int n = 0; n < Shape::kTokenTiles; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
          sums[m][n][i] = value;
        }
      }
    }
  }

  template <int Block>
  __device__ __forceinline__ void multiplyPair(int pair) {
    uint32_t a[Shape::kRowTiles][4];
    BlockFactors<Dtype> f[Shape::kRowTiles];
#pragma unroll
    for (int m = 0; m < Shape::kRowTiles; m++) {
      fragment<Dtype, Block>(stage_.codesAt(pair, m), a[m]);
      f[m] = stage_.factorsAt(pair, Block, m);
      if constexpr (P::zeroed) {
        lessZeros(a[m], f[m].zero);
      }
    }
    const int token = stage_.across() * 8 * Shape::kTokenTiles;
    const auto &x = s_.x[pair % 2][Block];
    // Rows of matrices 0 and 1 are 8 tokens' first and last 16 digits, of 2 and 3 those of the next 8 tokens.
    const int lane = stage_.lane(), row = lane % 8 + lane / 16 * 8, half = lane / 8 % 2;
    const uint8_t *q = s_.q[pair % Shared::kStages][token + row] + Block * 32 * Digits + half * 16;
#pragma unroll
    for (int n = 0; n < Shape::kTokenTiles; n += 2) {
      uint32_t words[Digits][4];
#pragma unroll
      for (int digit = 0; digit < Digits; digit++) {
        loadMatrices(words[digit], q + n * 8 * Shared::kTokenBytes + digit * 32);
      }
#pragma unroll
      for (int i = 0; i < 2; i++) {
        uint32_t b[Digits][2];
#pragma unroll
        for (int digit = 0; digit < Digits; digit++) {
          b[digit][0] = words[digit][2 * i], b[digit][1] = words[digit][2 * i + 1];
        }
        const Terms<Dtype, true> terms = x[token / 2 + (n + i) * 4 + lane % 4];
#pragma unroll
        for (int m = 0; m < Shape::kRowTiles; m++) {
          addBlock<Dtype, kWide>(acc_[m][n + i], a[m], b, f[m], terms);
        }
      }
    }
  }

  __device__ __forceinline__ void endChunk() {
#pragma unroll
    for (int m = 0; m < Shape::kRowTiles; m++) {
#pragma unroll
      for (int n = 0; n < Shape::kTokenTiles; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
          total_[m][n][i] += acc_[m][n][i];
          acc_[m][n][i] = 0;
        }
      }
    }
  }

  // to(row of the tile, token of the block, tile of tokens, which of its four) for all the lane's results of a tile.
  template <class To>
  __device__ __forceinline__ void eachResult(To to) const {
#pragma unroll
    for (int n = 0; n < Shape::kTokenTiles; n++) {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        const int token = (stage_.across() * Shape::kTokenTiles + n) * 8 + stage_.lane() % 4 * 2 + i % 2;
        to(stage_.lane() / 4 + i / 2 * 8, token, n, i);
      }
    }
  }

  __device__ __forceinline__ void store(int64_t row, int token, float value) const {
    if (row < job_.matrix.rows && token < stage_.tokens()) {
      static_cast<float *>(job_.y)[stage_.resultAt() + stage_.rowOf(token) * job_.yStride + row] = value;
    }
  }

  __device__ __forceinline__ void finish() {
    if (!stage_.isGated()) {
#pragma unroll
      for (int m = 0; m < Shape::kRowTiles; m++) {
        const int64_t first = int64_t{tileRows} * stage_.tileOf(m);
        eachResult([&](int row, int token, int n, int i) { store(first + row, token, total_[m][n][i]); });
      }
      return;
    }
    const int64_t first = int64_t{tileRows} * stage_.tileOf(0);
    if (job_.yDtype == GK_F32) {
      eachResult([&](int row, int token, int n, int i) {
        store(first + row, token, gated(total_[0][n][i], total_[1][n][i]));
      });
      return;
    }
    __syncthreads();
    eachResult([&](int row, int token, int n, int i) {
      s_.result[token][tileRows * stage_.down() + row] = gated(total_[0][n][i], total_[1][n][i]);
    });
    __syncthreads();
    job_.yDtype == GK_A8 ? quantizeResult<GK_A8>() : quantizeResult<GK_A16>();
  }

  template <int32_t To>
  __device__ __forceinline__ void quantizeResult() const {
    constexpr int blocks = Shape::kDown / 2;  // of a token
    const int64_t rowBlocks = job_.matrix.rows / GK_ACTIVATION_BLOCK;
    for (int i = static_cast<int>(threadIdx.x) / 8; i < blocks * Shape::kTokens; i += Shape::kThreads / 8) {
      const int token = i / blocks, eighth = static_cast<int>(threadIdx.x) % 8;  // of 32 rows
      const int64_t block = stage_.firstTile() / 2 + i % blocks;
      uint8_t *to = nullptr;
      if (token < stage_.tokens() && block < rowBlocks) {
        to = static_cast<uint8_t *>(job_.y) + (stage_.rowOf(token) * rowBlocks + block) * activationBlockBytes<To>;
      }
      quantizeBlocks<To>(*reinterpret_cast<const float4 *>(&s_.result[token][32 * (i % blocks) + 4 * eighth]), to);
    }
  }

  const TilesJob &job_;
  Shared &s_;
  Stage stage_;
  Sums acc_, total_;
};

template <int Dtype, int Digits, class Shape>
__global__ void __launch_bounds__(Shape::kThreads, 1) matMulTilesKernel(const TilesJob job) {
  TilesBlock<Dtype, Digits, Shape>(job).run();
}

template <int Dtype, int Digits, class Shape>
void launchShape(const Queue &queue, TilesJob job) {
  using Shared = TilesShared<Dtype, Digits, Shape>;
  static_assert(sizeof(Shared) <= 99 * 1024);
  const int64_t tiles = ceilDiv(job.matrix.rows, tileRows), down = job.up != nullptr ? Shape::kDown : Shape::kTiles;
  makeGroups(queue, job.ids, Shape::kTokens, job.groups);
  const int64_t blocks = ceilDiv(tiles, down) * job.groups.slots;
  launch(queue, {gridOf(blocks), Shape::kThreads, sizeof(Shared)}, matMulTilesKernel<Dtype, Digits, Shape>, job);
}

// Two sums a block, two digits, or a scale and a shift in every block leave registers for half the tokens.
template <int Dtype, int Digits>
using LargeTiles =
    TilesShape<4, 2, Packed<Dtype>::runs == 2 || Digits == 2 || Packed<Dtype>::scales == Scales::DM ? 4 : 8>;
using SmallTiles = TilesShape<2, 1, 4>;

// Large tiles, whose instructions serve more mma; small ones, which take 1.4 times the time for the same work, where
// large ones would leave more of the device idle, or have few rows of a matrix each.
template <int Dtype, int Digits>
bool areLarge(const Queue &queue, const TilesJob &job) {
  using Large = LargeTiles<Dtype, Digits>;
  const int64_t rows = tileRows * (job.up != nullptr ? Large::kDown : Large::kTiles);
  const int64_t each = ceilDiv(int64_t{job.groups.rows} * job.groups.heads, job.groups.matrices);  // rows, on average
  const int64_t blocks = ceilDiv(job.matrix.rows, rows) * ceilDiv(each, Large::kTokens) * job.groups.matrices;
  const int64_t waveBlocks = ceilDiv(blocks, queue.multiprocessors) * queue.multiprocessors;
  return each > 2 * SmallTiles::kTokens && 5 * waveBlocks <= 7 * blocks;
}

template <int Dtype, int Digits>
void launchTiles(const Queue &queue, const TilesJob &job) {
  if (areLarge<Dtype, Digits>(queue, job)) {
    launchShape<Dtype, Digits, LargeTiles<Dtype, Digits>>(queue, job);
  } else {
    launchShape<Dtype, Digits, SmallTiles>(queue, job);
  }
}

template <int Dtype>
void multiplyTiles(const Queue &queue, const TilesJob &job, bool wide) {
  wide ? launchTiles<Dtype, 2>(queue, job) : launchTiles<Dtype, 1>(queue, job);
}

}  // namespace gatun::cuda
