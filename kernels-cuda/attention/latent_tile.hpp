// latent_tile.hpp: rows of queries, 16 or 32, times a page of a latent cache, by the 8 warps of a block on tensor
// cores.
//
// The page lies in shared memory once, [slot][element] of 16 bits, rows 16 bytes apart so that ldmatrix meets no bank
// twice: read plain it is the B operand of scores, transposed that of values. Scores: a warp takes every eighth step of
// 16 elements, with its part of the queries in registers, so that no query is read twice; the eight parts are added in
// the order of warps. Values: a warp takes slabs of 32 elements.
//
// Arithmetic: queries have two terms of 16 bits, which together have 22 bits (16 with GK_BF16), and multiply latents
// exactly: GK_F16, and in float16 GK_F8 and the codes of GK_Q8_0, whose scale multiplies the fp32 sum of each step.
// Probabilities, in units of 2^-headroom, are rounded once to float16, or have two terms of bfloat16; the product of a
// code and its scale, as a value, is rounded once to float16. So with p the weights, which sum to 1,
//   |y - exact| <= (2^-11 or 2^-10 or 2^-16) * sum of p |v| + what the scores' error moves p by.
#pragma once

#include "attention/attention_tile.hpp"

namespace gatun::cuda {

constexpr int latentWarps = 8;
constexpr int latentThreads = 32 * latentWarps;
constexpr int latentSteps = maxLatentDim / 16 / latentWarps;  // most of a warp
constexpr int latentSlabs = 512 / 32 / latentWarps;           // likewise
constexpr int latentPad = 16;                                 // bytes
constexpr int weightBytes = 2 * pageTokens + latentPad;       // of a row's probabilities

__host__ __device__ __forceinline__ constexpr bool isWide(int type) { return type == GK_F16 || type == GK_BF16; }

// Of a row; in shared memory, for registers are full.
struct LatentRow {
  float factor;         // its queries' power of two; then what a page multiplies the sums before it by
  float fresh;          // what a split's sums are multiplied by in a merge
  float scale;          // of its scores
  int position;         // -1: there is no such row
  SoftmaxState merged;  // of the splits so far
};

// Where a block's shared memory has what, in bytes from its start. Rows: 16 a tile.
struct LatentLayout {
  int tile;     // (slots) rows of elements; where the cache has 16 bits a ring of them
  int raw;      // ring of pages as they are in the cache; where it has 8 bits
  int scales;   // [block][slot] float16
  int partial;  // [warp][row][slot] floats, then results
  int weights;  // [row] high terms, then low ones
  int rows;     // LatentRow of each
  int bytes;

  __host__ __device__ LatentLayout(const CachePages &cache, int type, int rowCount, int stages) {
    const int tileBytes = pageTokens * (2 * cache.headDim + latentPad);
    tile = 0;
    raw = (isWide(type) ? stages : 1) * tileBytes;
    scales = raw + (isWide(type) ? 0 : stages * cache.headBytes);
    partial = scales + scaleBytes(type, cache.headDim);
    weights = partial + latentWarps * rowCount * pageTokens * 4;
    rows = weights + (type == GK_BF16 ? 2 : 1) * rowCount * weightBytes;
    bytes = rows + rowCount * static_cast<int>(sizeof(LatentRow));
  }
};

// Element (row, column) of 32 columns of floats: rows shifted against each other, so that neither fragments nor runs of
// a row meet in a bank.
__device__ __forceinline__ int shiftedAt(int row, int column) { return row * 32 + (column ^ (row % 4 * 8)); }

template <int Type>
__device__ __forceinline__ void multiplyHalves(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  const uint32_t b[2] = {b0, b1};
  Type == GK_BF16 ? mmaBf16(d, a, b) : mmaF16(d, a, b);
}

template <int Type, int Tiles>
class LatentTile {
 public:
  static constexpr int rows = 16 * Tiles;

  __device__ __forceinline__ LatentTile(const CachePages &cache, const LatentLayout &at, int stages)
      : cache_(cache),
        at_(at),
        stages_(stages),
        memory_(shared<Memory>().bytes),
        lane_(laneId()),
        warp_(static_cast<int>(threadIdx.x / 32)),
        stride_(2 * cache.headDim + latentPad) {}

  __device__ __forceinline__ int lane() const { return lane_; }
  __device__ __forceinline__ int warp() const { return warp_; }
  __device__ __forceinline__ float *partial(int warp) const {
    return reinterpret_cast<float *>(memory_ + at_.partial) + warp * rows * pageTokens;
  }
  __device__ __forceinline__ LatentRow &row(int r) const {
    return reinterpret_cast<LatentRow *>(memory_ + at_.rows)[r];
  }
  // Slots 2 i and 2 i + 1 of a row's probabilities; term 0 is the high one.
  __device__ __forceinline__ uint32_t *weights(int term, int r) const {
    return reinterpret_cast<uint32_t *>(memory_ + at_.weights + (term * rows + r) * weightBytes);
  }

  // ---- pages ----

  // Begins to copy page `index` of a split, of which `count` slots hold something; slots behind are zero.
  __device__ __forceinline__ void copy(int index, const unsigned char *page, int count) const {
    if constexpr (isWide(Type)) {
      unsigned char *const tile = tileOf(index);
      const int chunks = cache_.headDim / 8;
      for (int slot = warp_; slot < pageTokens; slot += latentWarps) {
        for (int c = lane_; c < chunks; c += 32) {
          copyAsync16(tile + slot * stride_ + 16 * c, page + 16 * (slot * chunks + c), slot < count);
        }
      }
    } else {
      copyPart(rawOf(index), page, cache_.headBytes);
    }
    copyAsyncCommit();
  }

  // Codes of 8 bits that have arrived become the tile.
  __device__ __forceinline__ void widen(int index, int count) const {
    const unsigned char *const raw = rawOf(index);
    const int runs = cache_.headDim / 16;
    for (int slot = warp_; slot < pageTokens; slot += latentWarps) {
      for (int c = lane_; c < runs; c += 32) {
        const uint4 w = slot < count ? *reinterpret_cast<const uint4 *>(raw + slot * cache_.headDim + 16 * c)
                                     : make_uint4(0, 0, 0, 0);
        uint32_t v[8];
        widenBytes<Type>(w.x, v[0], v[1]);
        widenBytes<Type>(w.y, v[2], v[3]);
        widenBytes<Type>(w.z, v[4], v[5]);
        widenBytes<Type>(w.w, v[6], v[7]);
        auto *const to = reinterpret_cast<uint4 *>(memory_ + at_.tile + slot * stride_ + 32 * c);
        to[0] = make_uint4(v[0], v[1], v[2], v[3]);
        to[1] = make_uint4(v[4], v[5], v[6], v[7]);
      }
    }
    if constexpr (hasScales(Type)) {
      const auto *const from = reinterpret_cast<const uint16_t *>(raw + cache_.keyScales);
      auto *const to = reinterpret_cast<uint16_t *>(memory_ + at_.scales);
      const int blocks = cache_.headDim / scaleBlock;
      for (int i = static_cast<int>(threadIdx.x); i < blocks * pageTokens; i += latentThreads) {
        const int slot = i % pageTokens;
        to[i] = slot < count ? from[latentScaleAt(i / pageTokens, slot, cache_.headDim)] : uint16_t{0};
      }
    }
  }

  // ---- queries ----

  // The warp's steps of all rows; q(r): where row r is, or NULL.
  template <class RowAt>
  __device__ __forceinline__ void loadQueries(const RowAt &q) {
#pragma unroll
    for (int m = 0; m < Tiles; ++m) {
      const float *const from[2] = {q(16 * m + lane_ / 4), q(16 * m + lane_ / 4 + 8)};
      const float up[2] = {row(16 * m + lane_ / 4).factor, row(16 * m + lane_ / 4 + 8).factor};
#pragma unroll
      for (int i = 0; i < latentSteps; ++i) {
        const int step = warp_ + latentWarps * i;
#pragma unroll
        for (int n = 0; n < 4; ++n) {
          const float *const row = from[n % 2];
          const int d = 16 * step + n / 2 * 8 + 2 * (lane_ % 4);
          const bool there = row != nullptr && 16 * step < cache_.headDim;
          splitPair(there ? row[d] * up[n % 2] : 0, there ? row[d + 1] * up[n % 2] : 0, Type == GK_BF16, high_[m][i][n],
                    low_[m][i][n]);
        }
      }
    }
  }

  // ---- scores ----

  // The warp's part of all rows' scores, but for their scale, to partial(warp). 16 slots at a time: more sums at once
  // would take more registers than there are beside the queries.
  __device__ __forceinline__ void scores(int index) const {
    const unsigned char *const from =
        tileOf(index) + (lane_ / 16 * 8 + lane_ % 8) * stride_ + lane_ / 8 % 2 * 16 + 32 * warp_;
    float *const to = partial(warp_);
#pragma unroll hasScales(Type) ? 1 : 2
    for (int n = 0; n < 4; n += 2) {
      float s[Tiles][2][4] = {};
#pragma unroll
      for (int i = 0; i < latentSteps; ++i) {
        const int step = warp_ + latentWarps * i;
        if (16 * step < cache_.headDim) {
          uint32_t k[4];
          loadMatrices(k, from + 8 * n * stride_ + 32 * latentWarps * i);
#pragma unroll
          for (int m = 0; m < Tiles; ++m) {
            addScores(s[m][0], m, i, step, n, k[0], k[1]);
            addScores(s[m][1], m, i, step, n + 1, k[2], k[3]);
          }
        }
      }
#pragma unroll
      for (int m = 0; m < Tiles; ++m) {
#pragma unroll
        for (int c = 0; c < 2; ++c) {
          const int r = 16 * m + lane_ / 4, column = 8 * (n + c) + 2 * (lane_ % 4);
          *reinterpret_cast<float2 *>(to + shiftedAt(r, column)) = make_float2(s[m][c][0], s[m][c][1]);
          *reinterpret_cast<float2 *>(to + shiftedAt(r + 8, column)) = make_float2(s[m][c][2], s[m][c][3]);
        }
      }
    }
  }

  // ---- values ----

  // o = o * the rows' factors + probabilities * latents, of the warp's slabs.
  __device__ __forceinline__ void addValues(int index) {
    constexpr int terms = Type == GK_BF16 ? 2 : 1;
#pragma unroll
    for (int m = 0; m < Tiles; ++m) {
      const float factor[2] = {row(16 * m + lane_ / 4).factor, row(16 * m + lane_ / 4 + 8).factor};
      if (ballot(factor[0] != 1 || factor[1] != 1) != 0) {
#pragma unroll
        for (int i = 0; i < 16 * latentSlabs; ++i) {
          o[m][i / 16][i / 4 % 4][i % 4] *= factor[i % 4 / 2];
        }
      }
    }
    const unsigned char *const from = tileOf(index) + lane_ % 16 * stride_ + lane_ / 16 * 16 + 64 * warp_;
#pragma unroll
    for (int step = 0; step < 2; ++step) {
      uint32_t p[terms][Tiles][4];
#pragma unroll
      for (int i = 0; i < terms * Tiles; ++i) {
        const auto *const at = reinterpret_cast<const unsigned char *>(weights(i / Tiles, i % Tiles * 16 + lane_ % 16));
        loadMatrices(p[i / Tiles][i % Tiles], at + 32 * step + lane_ / 16 * 16);
      }
#pragma unroll
      for (int i = 0; i < latentSlabs; ++i) {
        const int slab = warp_ + latentWarps * i;
        if (32 * slab < cache_.latent) {
#pragma unroll
          for (int half = 0; half < 2; ++half) {
            uint32_t v[4];
            loadMatricesTransposed(v, from + 16 * step * stride_ + 64 * latentWarps * i + 32 * half);
            if constexpr (hasScales(Type)) {
              const uint32_t first = scalePair(slab, 16 * step), second = scalePair(slab, 16 * step + 8);
              v[0] = mulF16x2(v[0], first), v[1] = mulF16x2(v[1], second);
              v[2] = mulF16x2(v[2], first), v[3] = mulF16x2(v[3], second);
            }
#pragma unroll
            for (int m = 0; m < Tiles; ++m) {
#pragma unroll
              for (int term = 0; term < terms; ++term) {
                multiplyHalves<Type>(o[m][i][2 * half], p[term][m], v[0], v[1]);
                multiplyHalves<Type>(o[m][i][2 * half + 1], p[term][m], v[2], v[3]);
              }
            }
          }
        }
      }
    }
  }

  // call(row, column, sum, the next column's) for all the lane's sums of row tile m and the warp's slab i.
  template <class Call>
  __device__ __forceinline__ void eachPair(int m, int i, const Call &call) const {
#pragma unroll
    for (int n = 0; n < 4; ++n) {
      const int column = 8 * n + 2 * (lane_ % 4);
      call(16 * m + lane_ / 4, column, o[m][i][n][0], o[m][i][n][1]);
      call(16 * m + lane_ / 4 + 8, column, o[m][i][n][2], o[m][i][n][3]);
    }
  }

  float o[Tiles][latentSlabs][4][4];  // sums of the warp's slabs, 8 elements a fragment

 private:
  struct Memory {
    alignas(16) unsigned char bytes[16];
  };

  __device__ __forceinline__ unsigned char *tileOf(int index) const {
    return memory_ + at_.tile + (isWide(Type) ? index % stages_ * pageTokens * stride_ : 0);
  }
  __device__ __forceinline__ unsigned char *rawOf(int index) const {
    return memory_ + at_.raw + index % stages_ * cache_.headBytes;
  }
  // Of a block, of slots slot + 2 t and the next.
  __device__ __forceinline__ uint32_t scalePair(int block, int slot) const {
    return reinterpret_cast<const uint32_t *>(memory_ + at_.scales)[(block * pageTokens + slot) / 2 + lane_ % 4];
  }

  __device__ __forceinline__ void addScores(float (&s)[4], int m, int i, int step, int n, uint32_t k0,
                                            uint32_t k1) const {
    if constexpr (hasScales(Type)) {
      float part[4] = {0, 0, 0, 0};
      multiplyHalves<Type>(part, high_[m][i], k0, k1);
      multiplyHalves<Type>(part, low_[m][i], k0, k1);
      const uint32_t pair = scalePair(step / 2, 8 * n);
      const float scale[2] = {fromF16(static_cast<uint16_t>(pair)), fromF16(static_cast<uint16_t>(pair >> 16))};
#pragma unroll
      for (int c = 0; c < 4; ++c) {
        s[c] = fmaf(part[c], scale[c % 2], s[c]);
      }
    } else {
      multiplyHalves<Type>(s, high_[m][i], k0, k1);
      multiplyHalves<Type>(s, low_[m][i], k0, k1);
    }
  }

  const CachePages &cache_;
  const LatentLayout &at_;
  const int stages_;
  unsigned char *const memory_;
  const int lane_, warp_, stride_;
  uint32_t high_[Tiles][latentSteps][4], low_[Tiles][latentSteps][4];
};

}  // namespace gatun::cuda
