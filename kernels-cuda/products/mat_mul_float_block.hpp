// mat_mul_float_block.hpp: how a block multiplies exactly dequantised weights with fp32 activations, and how it is
// started; see mat_mul_float.cu.
#pragma once

#include "products/mat_mul_float.hpp"
#include "small_ops/gated.hpp"
#include "small_ops/quantize.hpp"
#include "weights/exact.hpp"

namespace gatun::cuda {

constexpr int floatWarps = 8;

template <int Tokens>
struct FloatShared {
  static constexpr int kValues = Tokens * tileRows;  // [token][row]
  float partial[2][floatWarps][kValues];             // of a chunk; of this round and the one before
  alignas(16) float total[2][floatWarps][kValues];   // [matrix][tile of the block]
  // Of the block; here, for registers are full.
  RowGroup group;
  const float *x[Tokens];
};

template <int Dtype, int Tokens>
class FloatBlock {
 public:
  using P = Packed<Dtype>;
  using Shared = FloatShared<Tokens>;

  __device__ __forceinline__ FloatBlock(const FloatJob &job)
      : job_(job),
        s_(shared<Shared>()),
        lane_(static_cast<int>(threadIdx.x) % 32),
        warp_(static_cast<int>(threadIdx.x) / 32),
        tilesHere_(floatWarps / job.warps),
        firstTile_(static_cast<int>(blockIdx.x) / job.groups.slots * (floatWarps / job.warps)),
        tiles_(static_cast<int>((job.shape.rows + tileRows - 1) / tileRows)) {}

  // Finds the block's rows and their matrix: false where there are none, or the id is no expert's.
  __device__ __forceinline__ bool begin() {
    const int slot = static_cast<int>(blockIdx.x) % job_.groups.slots;
    if (job_.ids != nullptr || job_.groups.table != nullptr) {
      dependencyWait();
    }
    RowGroup group = job_.groups.at(slot, Tokens);
    if (job_.ids != nullptr) {
      const int32_t id = job_.ids[slot / job_.k * job_.idStride + slot % job_.k];
      group.matrix = id;
      group.rows = id >= 0 && id < job_.experts ? group.rows : 0;
    }
    if (group.rows <= 0) {
      return false;
    }
    if (threadIdx.x == 0) {
      s_.group = group;
    }
    if (threadIdx.x < Tokens) {
      const int row = job_.groups.inputOf(job_.groups.rowOf(group, static_cast<int>(threadIdx.x)));
      s_.x[threadIdx.x] =
          job_.x + job_.groups.headOf(group) * (job_.groups.headX / int64_t{sizeof(float)}) + row * job_.xStride;
    }
    __syncthreads();
    return true;
  }
  __device__ __forceinline__ const uint8_t *matrix(int m) const {
    return job_.data[m] + s_.group.matrix * job_.expertStride[m];
  }

  // Asks for the first weights of a product, which may lie before dependencyWait.
  __device__ __forceinline__ void ask(const uint8_t *matrix) { askPairs(tileOf(matrix), ownChunk() * chunkPairs); }

  // total[m] = matrix * x of the block's rows. Each value is the thread's that reads it by eachValue. next: the matrix
  // of the next product, or null.
  __device__ __forceinline__ void multiply(int m, const uint8_t *matrix, const uint8_t *next) {
    for (int token = 0; token < Tokens; token++) {
      x_[token] = s_.x[token];
    }
    const uint8_t *own = tileOf(matrix);
    for (int base = 0; base < job_.chunks; base += job_.warps, parity_ ^= 1) {
      const int chunk = base + ownChunk();
      if (chunk < job_.chunks) {
        float sum[2][Tokens];
        const bool last = chunk + job_.warps >= job_.chunks;
        const uint8_t *nextTile = !last ? own : next != nullptr ? tileOf(next) : nullptr;
        addChunk(own, chunk, nextTile, (last ? ownChunk() : chunk + job_.warps) * chunkPairs, sum);
        storePart(sum);
      }
      __syncthreads();
      const int left = job_.chunks - base, count = left < job_.warps ? left : job_.warps;
      eachValue([&](int tile, int i) {
        float total = s_.partial[parity_][tile * job_.warps][i];
        if (base > 0) {
          total = s_.total[m][tile][i] + total;
        }
        for (int w = 1; w < count; w++) {
          total += s_.partial[parity_][tile * job_.warps + w][i];
        }
        s_.total[m][tile][i] = total;
      });
    }
  }

  // to(tile of the block, 16 token + row) for the thread's own values.
  template <class To>
  __device__ __forceinline__ void eachValue(To to) const {
    for (int i = static_cast<int>(threadIdx.x); i < tilesHere_ * Shared::kValues; i += 32 * floatWarps) {
      to(i / Shared::kValues, i % Shared::kValues);
    }
  }
  __device__ __forceinline__ float &total(int m, int tile, int i) const { return s_.total[m][tile][i]; }

  // Writes the block's rows of y: value(tile, i), quantised where y is; called by the threads whose values they are.
  template <class Value>
  __device__ __forceinline__ void store(Value value) const {
    if (job_.yDtype == GK_F32) {
      float *const y = static_cast<float *>(job_.y) + job_.groups.headOf(s_.group) * job_.groups.headY;
      eachValue([&](int tile, int i) {
        const int64_t column = int64_t{tileRows} * (firstTile_ + tile) + i % tileRows;
        if (column < job_.shape.rows && i / tileRows < s_.group.rows) {
          y[int64_t{job_.groups.rowOf(s_.group, i / tileRows)} * job_.yStride + column] = value(tile, i);
        }
      });
      return;
    }
    eachValue([&](int tile, int i) { s_.total[0][tile][i] = value(tile, i); });
    __syncthreads();
    job_.yDtype == GK_A8 ? quantize<GK_A8>() : quantize<GK_A16>();
  }

 private:
  static constexpr int chunkPairs = chunkBlocks / 2;
  // Pairs asked for at once, before those in hand are used: 64 bytes a lane, or a quad, where memory is the limit.
  static constexpr int kAhead = Tokens > 1 || P::codeWords >= 16 ? 1 : P::codeWords == 8 ? 2 : 4;

  __device__ __forceinline__ int ownChunk() const { return warp_ % job_.warps; }
  // The warp's; past the last, that.
  __device__ __forceinline__ const uint8_t *tileOf(const uint8_t *matrix) const {
    const int tile = firstTile_ + warp_ / job_.warps;
    return matrix + static_cast<int64_t>(tile < tiles_ ? tile : tiles_ - 1) * job_.shape.planes.size;
  }

  __device__ __forceinline__ void askPairs(const uint8_t *tile, int first) {
#pragma unroll
    for (int i = 0; i < kAhead; i++) {
      if (first + i < job_.shape.pairs) {
        ahead_[i] = loadCodes<Dtype>(tile, job_.shape.planes, first + i, lane_);
      }
    }
  }

  // sum = the chunk's products of rows g and g + 8, in all four lanes of a row. Its first pairs have been asked for.
  __device__ __forceinline__ void addChunk(const uint8_t *tile, int chunk, const uint8_t *nextTile, int nextPair,
                                           float (&sum)[2][Tokens]) {
#pragma unroll
    for (int i = 0; i < 2 * Tokens; i++) {
      sum[i / Tokens][i % Tokens] = 0;
    }
    Factors<Dtype> own = {};
    const int begin = chunk * chunkPairs, rest = job_.shape.pairs - begin;
    const int end = begin + (rest < chunkPairs ? rest : chunkPairs);
    for (int pair = begin; pair < end; pair += kAhead) {
      Codes<Dtype> codes[kAhead];
#pragma unroll
      for (int i = 0; i < kAhead; i++) {
        codes[i] = ahead_[i];
      }
      if (pair + kAhead < end) {
        askPairs(tile, pair + kAhead);
      } else if (nextTile != nullptr) {
        askPairs(nextTile, nextPair);
      }
      if constexpr (!P::plain) {
        if (pair % 4 == 0) {
          own = factorsOf<Dtype>(loadFactors<Dtype>(tile, job_.shape, pair / 4, lane_), lane_);
        }
      }
#pragma unroll
      for (int i = 0; i < kAhead; i++) {
        if (pair + i < end) {
          addBlock<0>(codes[i], own, pair + i, sum);
          addBlock<1>(codes[i], own, pair + i, sum);
        }
      }
    }
#pragma unroll
    for (int i = 0; i < 2 * Tokens; i++) {
      float &value = sum[i / Tokens][i % Tokens];
      value += shuffleXor(value, 1);
      value += shuffleXor(value, 2);
    }
  }

  template <int Block>
  __device__ __forceinline__ void addBlock(const Codes<Dtype> &codes, const Factors<Dtype> &own, int pair,
                                           float (&sum)[2][Tokens]) const {
    const int64_t first = int64_t{pairColumns} * pair + blockColumns * Block, left = job_.shape.cols - first;
    if (left <= 0) {
      return;
    }
    float weight[2][8];
    BlockFactors<Dtype> factors = {};
    if constexpr (!P::plain) {
      factors = factorsOfBlock<Dtype>(own, (pair & 3) << 1 | Block, lane_);
    }
    weightsOf<Dtype, Block>(codes, factors, weight);
    const bool whole = left >= blockColumns && job_.xStride % 4 == 0 && job_.groups.headX % 16 == 0;
#pragma unroll
    for (int token = 0; token < Tokens; token++) {
      float x[8];
      load(x_[token] + first, whole, left, x);
#pragma unroll
      for (int e = 0; e < 8; e++) {
        sum[0][token] = fmaf(weight[0][e], x[e], sum[0][token]);
        sum[1][token] = fmaf(weight[1][e], x[e], sum[1][token]);
      }
    }
  }

  // The lane's eight columns of a block; zeros where it has fewer. whole: it has all, and rows are aligned.
  __device__ __forceinline__ void load(const float *from, bool whole, int64_t left, float (&x)[8]) const {
    const int t = lane_ % 4;
    if (!whole) {
#pragma unroll
      for (int e = 0; e < 8; e++) {
        const int column = columnOf<Dtype>(t, e);
        x[e] = column < left ? from[column] : 0;
      }
    } else if constexpr (P::plain) {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        const float2 v = *reinterpret_cast<const float2 *>(from + columnOf<Dtype>(t, 2 * i));
        x[2 * i] = v.x, x[2 * i + 1] = v.y;
      }
    } else {
#pragma unroll
      for (int i = 0; i < 2; i++) {
        const float4 v = *reinterpret_cast<const float4 *>(from + columnOf<Dtype>(t, 4 * i));
        x[4 * i] = v.x, x[4 * i + 1] = v.y, x[4 * i + 2] = v.z, x[4 * i + 3] = v.w;
      }
    }
  }

  __device__ __forceinline__ void storePart(const float (&sum)[2][Tokens]) const {
    if (lane_ % 4 == 0) {
#pragma unroll
      for (int i = 0; i < 2 * Tokens; i++) {
        s_.partial[parity_][warp_][i / 2 * tileRows + lane_ / 4 + i % 2 * 8] = sum[i % 2][i / 2];
      }
    }
  }

  // Eight lanes a block of 32 columns of y: two tiles, four rows of them a lane. Of rows that all have one matrix.
  template <int32_t To>
  __device__ __forceinline__ void quantize() const {
    const int eighth = static_cast<int>(threadIdx.x) % 8, blocks = tilesHere_ / 2;
    const int64_t rowBlocks = job_.shape.rows / GK_ACTIVATION_BLOCK;
    for (int begin = warp_ * 4; begin < blocks * Tokens; begin += floatWarps * 4) {
      const int item = begin + lane_ / 8, known = item < blocks * Tokens ? item : 0;
      const int row = known / blocks;
      const int64_t block = firstTile_ / 2 + known % blocks;
      uint8_t *to = nullptr;
      if (item == known && row < s_.group.rows && block < rowBlocks) {
        to = static_cast<uint8_t *>(job_.y) +
             ((int64_t{s_.group.first} + row) * rowBlocks + block) * activationBlockBytes<To>;
      }
      const float *from = &s_.total[0][known % blocks * 2 + eighth / 4][known / blocks * tileRows + eighth % 4 * 4];
      quantizeBlocks<To>(*reinterpret_cast<const float4 *>(from), to);
    }
  }

  const FloatJob &job_;
  Shared &s_;
  int lane_, warp_, tilesHere_, firstTile_, tiles_, parity_ = 0;
  Codes<Dtype> ahead_[kAhead];
  const float *x_[Tokens];
};

// mat_mul, gate_up, head_mat_mul, expert_gate_up and expert_down.
template <int Dtype, int Tokens>
__global__ void __launch_bounds__(32 * floatWarps, 1) multiplyFloat(const FloatJob job) {
  FloatBlock<Dtype, Tokens> block(job);
  if (!block.begin()) {
    return;
  }
  const uint8_t *gate = block.matrix(0), *up = job.data[1] != nullptr ? block.matrix(1) : nullptr;
  block.ask(gate);
  dependencyWait();
  dependencyTrigger();
  block.multiply(0, gate, up);
  if (up == nullptr) {
    block.store([&](int tile, int i) { return block.total(0, tile, i); });
    return;
  }
  block.multiply(1, up, nullptr);
  block.store([&](int tile, int i) { return gated(block.total(0, tile, i), block.total(1, tile, i)); });
}

// ---- starting ----

template <class Kernel>
void launchFloat(const Queue &queue, FloatJob job, int tokens, Kernel kernel) {
  const int64_t tiles = ceilDiv(job.shape.rows, tileRows);
  const auto blocks = [&](int64_t warps) { return ceilDiv(tiles, floatWarps / warps) * job.groups.slots; };
  // Warps share a tile where there would be too few blocks.
  job.warps = 1;
  while (job.warps < 4 && 2 * job.warps <= job.chunks && blocks(job.warps) < 4 * queue.multiprocessors) {
    job.warps *= 2;
  }
  const int64_t bytes = tokens == 1 ? sizeof(FloatShared<1>) : sizeof(FloatShared<floatTokens>);
  launch(queue, {gridOf(blocks(job.warps)), 32 * floatWarps, bytes}, kernel, job);
}

template <int Dtype>
void multiplyFloats(const Queue &queue, FloatJob job) {
  const bool single = job.groups.rows <= job.groups.heads || job.ids != nullptr;
  makeGroups(queue, job.sorts, single ? 1 : floatTokens, job.groups);
  if (single) {
    launchFloat(queue, job, 1, multiplyFloat<Dtype, 1>);
  } else {
    launchFloat(queue, job, floatTokens, multiplyFloat<Dtype, floatTokens>);
  }
}

}  // namespace gatun::cuda
