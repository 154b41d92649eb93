// mat_mul_vec.hpp: a warp's share of a product with up to 16 rows of GK_A8 or GK_A16: a chunk of 1024 columns of a
// tile, a quad of 256 columns at a time.
//
// The tile is the A operand of every mma. With several tokens they are the 8 columns of B. A single token would leave
// seven columns idle and be paid for like eight; instead column c holds block c of the quad, so that eight mmas fill
// one accumulator with the eight blocks' products and the scales are applied once, each by the lane that knows them.
#pragma once

#include "device/queue.hpp"
#include "products/products.hpp"

namespace gatun::cuda {

constexpr int vecTokens = 16;  // most rows

// One of the matrices of a launch, all of one type and one number of columns.
struct VecOperand {
  const uint8_t *data;
  float *y;
  int64_t yStride;
  int64_t rows;
  int64_t firstTile;  // of all operands' tiles, one after the other
};

// What a launch multiplies. A block has `slots` tiles at a time, `turns` times; each is shared by `warps` warps.
struct VecJob {
  Matrix shape;  // data and rows are the operands'
  VecOperand operand[3];
  const uint8_t *x;
  int64_t xRowBytes;
  int32_t tokens;
  int32_t chunks;
  int32_t rounds;  // that the warps of a slot take for all chunks
  int32_t warps;
  int32_t slots;
  int32_t turns;
};

// What a warp holds of a tile's quad.
template <int Dtype>
struct Quad {
  Codes<Dtype> codes[4];
  RawFactors<Dtype> raw;
};

// Nothing is asked for, and the quad keeps what it has, past the last pair.
template <int Dtype>
__device__ __forceinline__ void loadQuad(Quad<Dtype> &to, const uint8_t *tile, const Matrix &m, int32_t quad,
                                         int lane) {
  if (4 * quad >= m.pairs) {
    return;
  }
  to.raw = loadFactors<Dtype>(tile, m, quad, lane);
#pragma unroll
  for (int p = 0; p < 4; p++) {
    if (Packed<Dtype>::format.blockColumns == 256 || 4 * quad + p < m.pairs) {
      to.codes[p] = loadCodes<Dtype>(tile, m.planes, 4 * quad + p, lane);
    } else {
      to.codes[p] = {};
    }
  }
}

// The products of 16 rows with one token.
template <int Dtype, bool Wide>
class OneToken {
  using P = Packed<Dtype>;
  static constexpr int shifts = P::summed ? P::runs : 0;
  static constexpr int rowFloats = 12;  // of a row's 8 blocks: apart so that reads of 16 bytes meet no bank twice

 public:
  static constexpr int tokens = 1;
  static constexpr bool staged = false;
  struct alignas(16) Scratch {
    float scaled[2][1 + shifts][tileRows][rowFloats];  // then the shifts
    float head[2][1 + shifts][quadBlocks];             // the activations' scales, then their sums
  };

  __device__ __forceinline__ OneToken(const VecJob &job, Scratch &scratch, int lane)
      : job_(job), scratch_(scratch), lane_(lane) {}
  __device__ __forceinline__ void clear() { sum_ = 0; }

  // Adds quad 0 to 3 of the chunk; Parity: of the quad.
  template <int Parity>
  __device__ __forceinline__ void add(const Quad<Dtype> &w, int32_t chunk, int quadOfChunk) {
    const int32_t quad = chunkQuads * chunk + quadOfChunk;
    if (4 * quad >= job_.shape.pairs) {
      return;
    }
    const int g = lane_ / 4, t = lane_ % 4;
    uint32_t q[digits<Wide>][2];
    const auto *words =
        reinterpret_cast<const uint32_t *>(job_.x + int64_t{quadBlocks * quad + g} * activationBytes<Wide>);
    const bool real = quadBlocks * quad + g < job_.shape.blocks;
#pragma unroll
    for (int i = 0; i < 2 * digits<Wide>; i++) {
      q[i / 2][i % 2] = real ? words[headWords<Wide> + 4 * i + t] : 0;
    }
    const Activation<Dtype> x[2] = {activation(quadBlocks * quad + 2 * t), activation(quadBlocks * quad + 2 * t + 1)};
    const Factors<Dtype> f = factorsOf<Dtype>(w.raw, lane_);
    int32_t low[P::runs][4], high[P::runs][4] = {};
#pragma unroll
    for (int i = 0; i < 4 * P::runs; i++) {
      const int block = i % 2;
      low[i / 4][i % 4] = dotStart<Wide> - (P::zeroed ? f.zero[block][i / 2 % 2] * x[block].total : 0);
    }
#pragma unroll
    for (int p = 0; p < 4; p++) {
      uint32_t a[4];
      fragment<Dtype, 0>(w.codes[p], a);
      multiply(low, high, a, q, g == 2 * p);
      fragment<Dtype, 1>(w.codes[p], a);
      multiply(low, high, a, q, g == 2 * p + 1);
    }
    addInOrder(scratch_.scaled[Parity], scratch_.head[Parity], low, high, f, x);
  }

  __device__ __forceinline__ void store(float *totals) const {
    if (lane_ < tileRows) {
      totals[lane_] = sum_;
    }
  }

 private:
  __device__ __forceinline__ Activation<Dtype> activation(int32_t block) const {
    uint32_t head[3] = {0, 0, 0};
    if (block < job_.shape.blocks) {
      const uint8_t *at = job_.x + int64_t{block} * activationBytes<Wide>;
      if constexpr (Wide) {
        const auto *words = reinterpret_cast<const uint32_t *>(at);
        head[0] = words[0], head[1] = words[1], head[2] = words[2];
      } else {
        const uint2 words = *reinterpret_cast<const uint2 *>(at);
        head[0] = words.x, head[1] = words.y;
      }
    }
    return activationAt<Dtype, Wide>(head);
  }

  // `mine`: the block is this lane's column.
  __device__ __forceinline__ static void multiply(int32_t (&low)[P::runs][4], int32_t (&high)[P::runs][4],
                                                  const uint32_t (&a)[4], const uint32_t (&q)[digits<Wide>][2],
                                                  bool mine) {
    const uint32_t b[2] = {mine ? q[digits<Wide> - 1][0] : 0, mine ? q[digits<Wide> - 1][1] : 0};
    multiplyBlock<P::runs>(low, a, b);
    if constexpr (Wide) {
      const uint32_t upper[2] = {mine ? q[0][0] : 0, mine ? q[0][1] : 0};
      multiplyBlock<P::runs>(high, a, upper);
    }
  }

  // The lane has blocks 2 t and 2 t + 1 of rows g and g + 8; lanes 0 to 15 add a row each, in the order of blocks.
  __device__ __forceinline__ void addInOrder(float (&rows)[1 + shifts][tileRows][rowFloats],
                                             float (&heads)[1 + shifts][quadBlocks], const int32_t (&low)[P::runs][4],
                                             const int32_t (&high)[P::runs][4], const Factors<Dtype> &f,
                                             const Activation<Dtype> (&x)[2]) {
    const int g = lane_ / 4, t = lane_ % 4;
#pragma unroll
    for (int i = 0; i < 2; i++) {
      float scaled[2];
#pragma unroll
      for (int block = 0; block < 2; block++) {
        int32_t dot[P::runs];
#pragma unroll
        for (int n = 0; n < P::runs; n++) {
          dot[n] = Wide ? joined(high[n][2 * i + block], low[n][2 * i + block]) : low[n][2 * i + block];
        }
        scaled[block] = scaledDot<Dtype, Wide>(dot, f.scale[block][i]);
      }
      *reinterpret_cast<float2 *>(&rows[0][g + 8 * i][2 * t]) = make_float2(scaled[0], scaled[1]);
#pragma unroll
      for (int n = 0; n < shifts; n++) {
        *reinterpret_cast<float2 *>(&rows[1 + n][g + 8 * i][2 * t]) = make_float2(f.shift[0][i][n], f.shift[1][i][n]);
      }
    }
    if (g == 0) {
      *reinterpret_cast<float2 *>(&heads[0][2 * t]) = make_float2(x[0].scale, x[1].scale);
#pragma unroll
      for (int n = 0; n < shifts; n++) {
        *reinterpret_cast<float2 *>(&heads[1 + n][2 * t]) = make_float2(x[0].sum[n], x[1].sum[n]);
      }
    }
    __syncwarp();
#pragma unroll
    for (int j = 0; j < quadBlocks; j += 4) {
      float scaled[1 + shifts][4], head[1 + shifts][4];
#pragma unroll
      for (int n = 0; n < 1 + shifts; n++) {
        const float4 v = *reinterpret_cast<const float4 *>(&rows[n][lane_ % tileRows][j]);
        const float4 h = *reinterpret_cast<const float4 *>(&heads[n][j]);
        scaled[n][0] = v.x, scaled[n][1] = v.y, scaled[n][2] = v.z, scaled[n][3] = v.w;
        head[n][0] = h.x, head[n][1] = h.y, head[n][2] = h.z, head[n][3] = h.w;
      }
#pragma unroll
      for (int i = 0; i < 4; i++) {
        float shift[P::runs] = {}, sum[P::runs] = {};
#pragma unroll
        for (int n = 0; n < shifts; n++) {
          shift[n] = scaled[1 + n][i], sum[n] = head[1 + n][i];
        }
        sum_ = addScaledDot<Dtype>(sum_, scaled[0][i], shift, head[0][i], sum);
      }
    }
  }

  const VecJob &job_;
  Scratch &scratch_;
  int lane_;
  float sum_ = 0;  // of row lane % 16
};

// The products of 16 rows with 8 or 16 tokens. The chunk's activations are in shared memory, brought there once for all
// tiles that the block multiplies with them; those of tokens there are not are 0.
template <int Dtype, bool Wide, int Tokens>
class ManyTokens {
  using P = Packed<Dtype>;
  static constexpr int blockWords = 8 * digits<Wide>;
  // Zeros of groups are subtracted from codes, which takes fewer registers, or as zero * sum, fewer instructions for
  // one mma.
  static constexpr bool lowered = Tokens == 16 || !P::paired;
  // Of a token: 8 modulo 32, so that the pairs of words that half a warp reads at once meet no bank twice.
  static constexpr int rowWords = chunkBlocks * blockWords + 8;

 public:
  static constexpr int tokens = Tokens;
  static constexpr bool staged = true;
  struct alignas(16) Scratch {
    uint32_t words[Tokens][rowWords];                          // of a digit: 0, 4, 1, 5, 2, 6, 3, 7
    Terms<Dtype, lowered> terms[chunkBlocks][Tokens / 2 + 1];  // one more, so that fewer blocks meet in a bank
  };

  __device__ __forceinline__ ManyTokens(const VecJob &job, Scratch &scratch, int lane)
      : job_(job), scratch_(scratch), lane_(lane) {}
  __device__ __forceinline__ void clear() {
#pragma unroll
    for (int i = 0; i < Tokens / 2; i++) {
      sum_[i / 4][i % 4] = 0;
    }
  }

  // Brings every slots-th token's activations of the chunk, from token `slot` on, two at once.
  __device__ __forceinline__ void stage(int32_t chunk, int slot) {
    constexpr int batch = 2;
    for (int first = slot; first < Tokens; first += batch * job_.slots) {
      Block block[batch];
#pragma unroll
      for (int i = 0; i < batch; i++) {
        block[i] = blockOf(first + i * job_.slots, chunkBlocks * chunk + lane_);
      }
#pragma unroll
      for (int i = 0; i < batch; i++) {
        if (first + i * job_.slots < Tokens) {
          put(first + i * job_.slots, block[i]);
        }
      }
    }
  }

  // Adds quad 0 to 3 of the chunk.
  template <int Parity>
  __device__ __forceinline__ void add(const Quad<Dtype> &w, int32_t chunk, int quadOfChunk) {
    if (4 * (chunkQuads * chunk + quadOfChunk) >= job_.shape.pairs) {
      return;
    }
    const Factors<Dtype> own = factorsOf<Dtype>(w.raw, lane_);
#pragma unroll
    for (int p = 0; p < 4; p++) {
      uint32_t a[4];
      BlockFactors<Dtype> f = factorsOfBlock<Dtype>(own, 2 * p, lane_);
      fragment<Dtype, 0>(w.codes[p], a);
      add(a, f, quadBlocks * quadOfChunk + 2 * p);
      if constexpr (!P::paired) {
        f = factorsOfBlock<Dtype>(own, 2 * p + 1, lane_);
      }
      fragment<Dtype, 1>(w.codes[p], a);
      add(a, f, quadBlocks * quadOfChunk + 2 * p + 1);
    }
  }

  __device__ __forceinline__ void store(float *totals) const {
    const int g = lane_ / 4, t = lane_ % 4;
#pragma unroll
    for (int i = 0; i < Tokens / 2; i++) {
      totals[(8 * (i / 4) + 2 * t + i % 2) * tileRows + g + i % 4 / 2 * 8] = sum_[i / 4][i % 4];
    }
  }

 private:
  // block: of the chunk.
  __device__ __forceinline__ void add(uint32_t (&a)[4], const BlockFactors<Dtype> &f, int block) {
    if constexpr (P::zeroed && lowered) {
      lessZeros(a, f.zero);
    }
    const int g = lane_ / 4, t = lane_ % 4;
#pragma unroll
    for (int c = 0; c < Tokens / 8; c++) {
      uint32_t b[digits<Wide>][2];
#pragma unroll
      for (int digit = 0; digit < digits<Wide>; digit++) {
        const uint2 q =
            *reinterpret_cast<const uint2 *>(&scratch_.words[8 * c + g][block * blockWords + 8 * digit + 2 * t]);
        b[digit][0] = q.x, b[digit][1] = q.y;
      }
      const Terms<Dtype, lowered> x = scratch_.terms[block][4 * c + t];
      addBlock<Dtype, Wide>(sum_[c], a, b, f, x);
    }
  }

  struct Block {  // of a token's activations, as stored
    uint32_t word[activationBytes<Wide> / 4];
  };
  // Zeros past the row's end and for tokens there are not.
  __device__ __forceinline__ Block blockOf(int token, int32_t block) const {
    Block b = {};
    if (token < job_.tokens && block < job_.shape.blocks) {
      const uint8_t *from = job_.x + token * job_.xRowBytes + int64_t{block} * activationBytes<Wide>;
#pragma unroll
      for (int i = 0; i < activationBytes<Wide> / 4; i++) {
        if constexpr (Wide) {
          b.word[i] = reinterpret_cast<const uint32_t *>(from)[i];
        } else if (i % 2 == 0) {
          const uint2 two = reinterpret_cast<const uint2 *>(from)[i / 2];
          b.word[i] = two.x, b.word[i + 1] = two.y;
        }
      }
    }
    return b;
  }
  // The lane's block of the chunk.
  __device__ __forceinline__ void put(int token, const Block &block) {
    uint32_t *to = scratch_.words[token] + blockWords * lane_;
#pragma unroll
    for (int i = 0; i < blockWords; i += 4) {
      const uint32_t *q = block.word + headWords<Wide> + i / 8 * 8 + i % 8 / 2;
      *reinterpret_cast<uint4 *>(to + i) = make_uint4(q[0], q[4], q[1], q[5]);
    }
    scratch_.terms[lane_][token / 2].set(token % 2, activationAt<Dtype, Wide>(block.word));
  }

  const VecJob &job_;
  Scratch &scratch_;
  int lane_;
  float sum_[Tokens / 8][4] = {};
};

template <int Dtype, bool Wide, int Tokens>
struct VecSumOf {
  using Type = ManyTokens<Dtype, Wide, Tokens>;
};
template <int Dtype, bool Wide>
struct VecSumOf<Dtype, Wide, 1> {
  using Type = OneToken<Dtype, Wide>;
};

}  // namespace gatun::cuda
