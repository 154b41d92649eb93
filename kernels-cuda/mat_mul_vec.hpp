// mat_mul_vec.hpp: a warp's share of a product with up to 16 rows of GK_A8 or GK_A16: a chunk of 1024 columns of a
// tile, a quad of 256 columns at a time.
//
// The tile is the A operand of every mma. With several tokens they are the 8 columns of B. A single token would leave
// seven columns idle and be paid for like eight; instead column c holds block c of the quad, so that eight mmas fill
// one accumulator with the eight blocks' products and the scales are applied once, each by the lane that knows them.
#pragma once

#include "decode.hpp"
#include "queue.hpp"

namespace gatun::cuda {

constexpr int vecTokens = 16;  // most rows

// One of the matrices of a launch, all of one type and one number of columns.
struct VecOperand {
  const uint8_t *data;
  float *y;
  int64_t yStride;
  int64_t rows;
  int64_t firstBlock;  // of the grid
};

// What a launch multiplies. A block has `slots` tiles at a time, `turns` times; each is shared by `warps` warps.
struct VecJob {
  Matrix shape;  // data and rows are the operands'
  VecOperand operand[3];
  const uint8_t *x;
  int64_t xRowBytes;
  int32_t tokens;
  int32_t chunks;
  int32_t warps;
  int32_t slots;
  int32_t turns;
};

template <bool Wide>
constexpr int activationBytes = static_cast<int>(Wide ? cpu::kA16BlockBytes : cpu::kA8BlockBytes);
template <bool Wide>
constexpr int digits = Wide ? 2 : 1;
template <bool Wide>
constexpr int headWords = Wide ? 3 : 2;  // before the digits

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

// The two sums of a stored block: GK_A8 has both in a word.
template <int Dtype, bool Wide>
__device__ __forceinline__ Activation<Dtype> activationAt(const uint32_t *head) {
  const float scale = bitsAs<float>(head[0]);
  if constexpr (Wide) {
    return activationOf<Dtype, true>(scale, static_cast<int32_t>(head[1]), static_cast<int32_t>(head[2]));
  } else {
    return activationOf<Dtype, false>(scale, static_cast<int16_t>(head[1] & 0xffff),
                                      static_cast<int32_t>(head[1]) >> 16);
  }
}

// The products of 16 rows with one token.
template <int Dtype, bool Wide>
class OneToken {
  using P = Packed<Dtype>;
  static constexpr int shifts = P::shifted ? P::runs : 0;
  static constexpr int rowFloats = 12;  // of a row's 8 blocks: apart so that reads of 16 bytes meet no bank twice

 public:
  static constexpr int tokens = 1;
  struct alignas(16) Scratch {
    float part[2][1 + shifts][tileRows][rowFloats];  // then the shifts
    float head[2][1 + shifts][quadBlocks];           // the activations' scales, then their sums
  };

  __device__ __forceinline__ OneToken(const VecJob &job, Scratch &scratch, int lane)
      : job_(job), scratch_(scratch), lane_(lane) {}
  __device__ __forceinline__ void ask(int32_t) {}
  __device__ __forceinline__ void clear() { sum_ = 0; }

  // Adds quad 0 to 3 of the chunk; Parity: of the quad.
  template <int Parity>
  __device__ __forceinline__ void add(const Quad<Dtype> &w, int32_t chunk, int quadOfChunk, int32_t) {
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
    int32_t low[P::runs][4], high[P::runs][4] = {};
#pragma unroll
    for (int i = 0; i < 4 * P::runs; i++) {
      low[i / 4][i % 4] = x[i % 2].start[i / 4];
    }
#pragma unroll
    for (int p = 0; p < 4; p++) {
      uint32_t a[4];
      fragment<Dtype, 0>(w.codes[p], a);
      multiply(low, high, a, q, g == 2 * p);
      fragment<Dtype, 1>(w.codes[p], a);
      multiply(low, high, a, q, g == 2 * p + 1);
    }
    addInOrder(scratch_.part[Parity], scratch_.head[Parity], low, high, factorsOf<Dtype>(w.raw, lane_), x);
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
  __device__ __forceinline__ void addInOrder(float (&parts)[1 + shifts][tileRows][rowFloats],
                                             float (&heads)[1 + shifts][quadBlocks], const int32_t (&low)[P::runs][4],
                                             const int32_t (&high)[P::runs][4], const Factors<Dtype> &f,
                                             const Activation<Dtype> (&x)[2]) {
    const int g = lane_ / 4, t = lane_ % 4;
#pragma unroll
    for (int i = 0; i < 2; i++) {
      float part[2];
#pragma unroll
      for (int block = 0; block < 2; block++) {
        int32_t dot[P::runs];
#pragma unroll
        for (int n = 0; n < P::runs; n++) {
          dot[n] = Wide ? joined(high[n][2 * i + block], low[n][2 * i + block]) : low[n][2 * i + block];
        }
        part[block] = partOf<Dtype, Wide>(dot, f.scale[block][i]);
      }
      *reinterpret_cast<float2 *>(&parts[0][g + 8 * i][2 * t]) = make_float2(part[0], part[1]);
#pragma unroll
      for (int n = 0; n < shifts; n++) {
        *reinterpret_cast<float2 *>(&parts[1 + n][g + 8 * i][2 * t]) = make_float2(f.shift[0][i][n], f.shift[1][i][n]);
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
      float part[1 + shifts][4], head[1 + shifts][4];
#pragma unroll
      for (int n = 0; n < 1 + shifts; n++) {
        const float4 v = *reinterpret_cast<const float4 *>(&parts[n][lane_ % tileRows][j]);
        const float4 h = *reinterpret_cast<const float4 *>(&heads[n][j]);
        part[n][0] = v.x, part[n][1] = v.y, part[n][2] = v.z, part[n][3] = v.w;
        head[n][0] = h.x, head[n][1] = h.y, head[n][2] = h.z, head[n][3] = h.w;
      }
#pragma unroll
      for (int i = 0; i < 4; i++) {
        float shift[P::runs] = {}, sum[P::runs] = {};
#pragma unroll
        for (int n = 0; n < shifts; n++) {
          shift[n] = part[1 + n][i], sum[n] = head[1 + n][i];
        }
        sum_ = addPart<Dtype>(sum_, part[0][i], shift, head[0][i], sum);
      }
    }
  }

  const VecJob &job_;
  Scratch &scratch_;
  int lane_;
  float sum_ = 0;  // of row lane % 16
};

// The products of 16 rows with 8 or 16 tokens. Activations come through shared memory, half a quad ahead; those of
// tokens there are not are 0.
template <int Dtype, bool Wide, int Tokens>
class ManyTokens {
  using P = Packed<Dtype>;
  static constexpr int stageBlocks = 4;
  static constexpr int blockWords = activationBytes<Wide> / 4;
  static constexpr int stageBytes = stageBlocks * activationBytes<Wide>;
  // Of a token: 12 modulo 32, so that the words of 8 tokens that an mma takes meet no bank twice.
  static constexpr int rowWords = Wide ? 76 : 44;
  static_assert(rowWords % 32 == 12 && rowWords >= stageBytes / 4);

  // An activation block as the sums take it.
  struct alignas(P::runs == 1 ? 8 : 16) Head {
    float scale;
    uint32_t rest[P::runs == 1 ? 1 : 3];  // sums where weights have shifts, else starts
  };

 public:
  static constexpr int tokens = Tokens;
  struct alignas(16) Scratch {
    uint32_t words[2][Tokens][rowWords];
    Head head[stageBlocks][Tokens];
  };

  __device__ __forceinline__ ManyTokens(const VecJob &job, Scratch &scratch, int lane)
      : job_(job), scratch_(scratch), lane_(lane) {
    row_ = job.x + (token() < job.tokens ? token() : 0) * job.xRowBytes;
  }
  // Starts to copy what the chunk begins with.
  __device__ __forceinline__ void ask(int32_t chunk) { copy(chunk, 0, scratch_.words[0]); }
  __device__ __forceinline__ void clear() {
#pragma unroll
    for (int i = 0; i < Tokens / 2; i++) {
      sum_[i / 4][i % 4] = 0;
    }
  }

  // Adds quad 0 to 3 of the chunk. next: the chunk after this one, -1 where there is none.
  template <int Parity>
  __device__ __forceinline__ void add(const Quad<Dtype> &w, int32_t chunk, int quadOfChunk, int32_t next) {
    const Factors<Dtype> own = factorsOf<Dtype>(w.raw, lane_);
    half<0>(w, own, chunk, quadOfChunk, next);
    half<1>(w, own, chunk, quadOfChunk, next);
  }

  __device__ __forceinline__ void store(float *totals) const {
    const int g = lane_ / 4, t = lane_ % 4;
#pragma unroll
    for (int i = 0; i < Tokens / 2; i++) {
      totals[(8 * (i / 4) + 2 * t + i % 2) * tileRows + g + i % 4 / 2 * 8] = sum_[i / 4][i % 4];
    }
  }

 private:
  // Asks for blocks 4 stage .. 4 stage + 3 of the chunk, if their quad has any: zeros past the row's end and for tokens
  // there are not.
  __device__ __forceinline__ void copy(int32_t chunk, int stage, uint32_t (&to)[Tokens][rowWords]) const {
    const int32_t block = chunkBlocks * chunk + stageBlocks * stage;
    if (chunk >= 0 && block + stageBlocks <= job_.shape.blocks && job_.xRowBytes % 16 == 0) {
      const uint8_t *from = row_ + static_cast<uint32_t>(block) * uint32_t{activationBytes<Wide>} + 16 * part();
#pragma unroll
      for (int at = 0; at < stageBytes; at += 16 * share) {
        if (at + 16 * share <= stageBytes || at + 16 * part() < stageBytes) {
          copyAsync16(&to[token()][at / 4 + 4 * part()], from + at, token() < job_.tokens);
        }
      }
    } else if (chunk >= 0 && block - stage % 2 * stageBlocks < job_.shape.blocks) {
      const int64_t first = int64_t{block} * activationBytes<Wide>;
      const int64_t left = token() < job_.tokens ? job_.xRowBytes - first : 0;
#pragma unroll 1
      for (int at = 4 * part(); at < stageBytes; at += 4 * share) {
        copyAsync4(&to[token()][at / 4], at < left ? row_ + first + at : row_, at < left);
      }
    }
    copyAsyncCommit();
  }

  __device__ __forceinline__ void prepare(const uint32_t (&words)[Tokens][rowWords]) {
#pragma unroll
    for (int i = lane_; i < stageBlocks * Tokens; i += 32) {
      const int token = i % Tokens, block = i / Tokens;
      const Activation<Dtype> a = activationAt<Dtype, Wide>(&words[token][block * blockWords]);
      Head head = {a.scale, {}};
#pragma unroll
      for (int n = 0; n < P::runs; n++) {
        head.rest[n] = P::shifted ? bitsAs<uint32_t>(a.sum[n]) : bitsAs<uint32_t>(a.start[n]);
      }
      scratch_.head[block][token] = head;
    }
  }

  template <int Half>
  __device__ __forceinline__ void half(const Quad<Dtype> &w, const Factors<Dtype> &own, int32_t chunk, int quadOfChunk,
                                       int32_t next) {
    copyAsyncWait<0>();
    __syncwarp();  // and every lane is done with the other half's words and heads
    const int stage = 2 * quadOfChunk + Half + 1;
    copy(stage < 8 ? chunk : next, stage % 8, scratch_.words[1 - Half]);
    if (4 * (chunkQuads * chunk + quadOfChunk) >= job_.shape.pairs) {
      return;
    }
    prepare(scratch_.words[Half]);
    __syncwarp();
#pragma unroll
    for (int p = 0; p < 2; p++) {
      uint32_t a[4];
      fragment<Dtype, 0>(w.codes[2 * Half + p], a);
      addBlock(a, factorsOfBlock<Dtype>(own, 4 * Half + 2 * p, lane_), scratch_.words[Half], 2 * p);
      fragment<Dtype, 1>(w.codes[2 * Half + p], a);
      addBlock(a, factorsOfBlock<Dtype>(own, 4 * Half + 2 * p + 1, lane_), scratch_.words[Half], 2 * p + 1);
    }
  }

  // block: of the stage.
  __device__ __forceinline__ void addBlock(const uint32_t (&a)[4], const BlockFactors<Dtype> &f,
                                           const uint32_t (&words)[Tokens][rowWords], int block) {
    const int g = lane_ / 4, t = lane_ % 4;
#pragma unroll
    for (int c = 0; c < Tokens / 8; c++) {
      const uint32_t *q = &words[8 * c + g][block * blockWords + headWords<Wide> + t];
      const Head x[2] = {scratch_.head[block][8 * c + 2 * t], scratch_.head[block][8 * c + 2 * t + 1]};
      int32_t dot[P::runs][4], high[P::runs][4] = {};
      if constexpr (Wide) {
        const uint32_t upper[2] = {q[0], q[4]};
        multiplyBlock<P::runs>(high, a, upper);
      }
#pragma unroll
      for (int i = 0; i < 4 * P::runs; i++) {
        const int32_t start = P::shifted ? (Wide ? 0 : magicBits) : bitsAs<int32_t>(x[i % 2].rest[i / 4]);
        dot[i / 4][i % 4] = Wide ? joined(high[i / 4][i % 4], start) : start;
      }
      const uint32_t b[2] = {q[8 * (digits<Wide> - 1)], q[8 * (digits<Wide> - 1) + 4]};
      multiplyBlock<P::runs>(dot, a, b);
#pragma unroll
      for (int i = 0; i < 4; i++) {
        int32_t total[P::runs];
        float sum[P::runs];
#pragma unroll
        for (int n = 0; n < P::runs; n++) {
          total[n] = dot[n][i];
          sum[n] = bitsAs<float>(x[i % 2].rest[n]);
        }
        sum_[c][i] =
            addPart<Dtype>(sum_[c][i], partOf<Dtype, Wide>(total, f.scale[i / 2]), f.shift[i / 2], x[i % 2].scale, sum);
      }
    }
  }

  // The lane's share in copying.
  static constexpr int share = 32 / Tokens;
  __device__ __forceinline__ int token() const { return lane_ / share; }
  __device__ __forceinline__ int part() const { return lane_ % share; }

  const VecJob &job_;
  Scratch &scratch_;
  int lane_;
  const uint8_t *row_;  // of x that the lane copies
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
