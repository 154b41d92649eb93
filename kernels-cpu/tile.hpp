// tile.hpp: reads packed tiles (packed.hpp): the codes, scales and weights of 16 rows x 32 columns as vectors.
#pragma once

#include "packed.hpp"
#include "simd.hpp"

// Vectors belong into registers. In portable C++ they are arrays, which unrolling makes no faster but 40 times as long
// to compile.
#if !defined(__AVX2__)
#define GK_UNROLL
#elif defined(__clang__)
#define GK_UNROLL _Pragma("unroll")
#else
#define GK_UNROLL _Pragma("GCC unroll 16")
#endif

namespace gatun::cpu::GK_ISA {

// Where a matrix's tiles have their planes.
struct TileShape {
  int64_t cols;
  int64_t blocks;          // of 32 columns
  int64_t blocksPerGroup;  // 1 for types without groups
  PackedTile plane;
};

static inline TileShape tileShape(const gk_weight &weight) {
  return {weight.cols, weight.cols / 32, weight.group > 0 ? weight.group / 32 : 1,
          packedTile(weight.dtype, weight.cols, weight.group)};
}

template <int Dtype>
struct Tile {
  static constexpr Format kFormat = formatOf(Dtype);
  static constexpr bool kShift = hasShift(kFormat.scales);
  static constexpr int kRuns = 32 / scaleRun(kFormat.scales);  // scales a block
  static constexpr int kMax = kFormat.lookup ? 255 : (1 << kFormat.bits) - 1;

  static constexpr int64_t kAhead = 8;  // blocks that prefetch runs ahead
  const uint8_t *data;
  const TileShape &shape;

  const uint16_t *halves(int64_t index) const {
    return reinterpret_cast<const uint16_t *>(data + shape.plane.halves) + index * GK_TILE_ROWS;
  }
  const uint8_t *bytes(int64_t index) const { return data + shape.plane.bytes + index * GK_TILE_ROWS; }

  // Asks for what block b + kAhead will read; past the tile's end, for the next tile's, which follows in memory. (At
  // the matrix's end that is nowhere, and asking does no harm.) Hardware stops at pages and at the planes' ends.
  inline __attribute__((always_inline)) void prefetch(int64_t b) const {
    constexpr int codeBytes = 64 * baseBits(kFormat.bits), highBytes = 64 * highBits(kFormat.bits);
    constexpr Scales kind = kFormat.scales;
    constexpr int halfBytes = kind == Scales::DM      ? 64
                              : kind == Scales::D     ? 32
                              : kind == Scales::Group ? 0
                              : kShift                ? 8
                                                      : 4;
    constexpr int byteBytes = kind == Scales::Super32 ? 16 : halfBytes == 4 || halfBytes == 8 ? 32 : 0;
    const bool next = b + kAhead >= shape.blocks;
    const uint8_t *tile = next ? data + shape.plane.size : data;
    const int64_t at = next ? b + kAhead - shape.blocks : b + kAhead;
    GK_UNROLL
    for (int i = 0; i < codeBytes; i += 64) __builtin_prefetch(tile + at * codeBytes + i);
    GK_UNROLL
    for (int i = 0; i < highBytes; i += 64) __builtin_prefetch(tile + shape.plane.high + at * highBytes + i);
    if constexpr (halfBytes > 0) __builtin_prefetch(tile + shape.plane.halves + at * halfBytes);
    if constexpr (byteBytes > 0) __builtin_prefetch(tile + shape.plane.bytes + at * byteBytes);
  }

  // Code vector j holds columns 4 j .. 4 j + 3 of block b.
  inline __attribute__((always_inline)) void codes(int64_t b, U8x64 (&c)[8]) const {
    constexpr int base = baseBits(kFormat.bits), high = highBits(kFormat.bits);
    if constexpr (base == 8) {
      GK_UNROLL
      for (int j = 0; j < 8; j++) c[j] = cpu::GK_ISA::loadCodes(data + b * 512 + j * 64);
    } else if constexpr (base == 4) {
      GK_UNROLL
      for (int j = 0; j < 4; j++) {
        const U8x64 two = cpu::GK_ISA::loadCodes(data + b * 256 + j * 64);
        c[j] = two & 15;
        c[j + 4] = shiftBits<-4>(two) & 15;
      }
    } else {
      GK_UNROLL
      for (int j = 0; j < 2; j++) {
        const U8x64 four = cpu::GK_ISA::loadCodes(data + b * 128 + j * 64);
        c[j] = four & 3;
        c[j + 2] = shiftBits<-2>(four) & 3;
        c[j + 4] = shiftBits<-4>(four) & 3;
        c[j + 6] = shiftBits<-6>(four) & 3;
      }
    }
    if constexpr (high == 2) {
      static_assert(base == 4);
      GK_UNROLL
      for (int j = 0; j < 2; j++) {
        const U8x64 four = cpu::GK_ISA::loadCodes(data + shape.plane.high + b * 128 + j * 64);
        c[j] = c[j] | (shiftBits<4>(four) & 0x30);
        c[j + 2] = c[j + 2] | (shiftBits<2>(four) & 0x30);
        c[j + 4] = c[j + 4] | (four & 0x30);
        c[j + 6] = c[j + 6] | (shiftBits<-2>(four) & 0x30);
      }
    } else if constexpr (high == 1) {
      const U8x64 eight = cpu::GK_ISA::loadCodes(data + shape.plane.high + b * 64);
      constexpr int bit = 1 << base;
      c[0] = c[0] | (shiftBits<base>(eight) & bit);
      c[1] = c[1] | (shiftBits<base - 1>(eight) & bit);
      c[2] = c[2] | (shiftBits<base - 2>(eight) & bit);
      c[3] = c[3] | (shiftBits<base - 3>(eight) & bit);
      c[4] = c[4] | (shiftBits<base - 4>(eight) & bit);
      c[5] = c[5] | (shiftBits<base - 5>(eight) & bit);
      c[6] = c[6] | (shiftBits<base - 6>(eight) & bit);
      c[7] = c[7] | (shiftBits<base - 7>(eight) & bit);
    }
    if constexpr (kFormat.lookup) {
      GK_UNROLL
      for (int j = 0; j < 8; j++) c[j] = lookup(kIq4Values, c[j]);
    }
  }

  inline __attribute__((always_inline)) void scales(int64_t b, F32x16 (&scale)[kRuns], F32x16 (&shift)[kRuns]) const {
    constexpr Scales kind = kFormat.scales;
    if constexpr (kind == Scales::D) {
      scale[0] = loadF16(halves(b));
    } else if constexpr (kind == Scales::DM) {
      scale[0] = loadF16(halves(2 * b));
      shift[0] = loadF16(halves(2 * b + 1));
    } else if constexpr (kind == Scales::Super32) {
      scale[0] = loadF16(halves(b / 8)) * toFloat(loadI8(bytes(b)));
    } else if constexpr (kind == Scales::Super16) {
      const F32x16 d = loadF16(halves(b / 8));
      scale[0] = d * toFloat(loadI8(bytes(2 * b)));
      scale[1] = d * toFloat(loadI8(bytes(2 * b + 1)));
    } else if constexpr (kind == Scales::SuperMin32) {
      scale[0] = loadF16(halves(b / 8 * 2)) * toFloat(loadU8(bytes(2 * b)));
      shift[0] = loadF16(halves(b / 8 * 2 + 1)) * toFloat(loadU8(bytes(2 * b + 1)));
    } else if constexpr (kind == Scales::SuperMin16) {
      const F32x16 d = loadF16(halves(b / 8 * 2)), m = loadF16(halves(b / 8 * 2 + 1));
      for (int i = 0; i < 2; i++) {
        const I32x16 both = loadU8(bytes(2 * b + i));
        scale[i] = d * toFloat(both & splat(int32_t{15}));
        shift[i] = m * toFloat(shiftRight<4>(both));
      }
    } else {
      const int64_t g = b / shape.blocksPerGroup;
      scale[0] = loadF16(halves(g));
      shift[0] = zero() - scale[0] * toFloat(loadU8(bytes(g)));
    }
  }

  // The weights of block b, [32 columns][16 rows], as the format's reference gives them.
  inline void weights(int64_t b, float *out) const {
    U8x64 c[8];
    F32x16 scale[kRuns], shift[kRuns];
    codes(b, c);
    scales(b, scale, shift);
    GK_UNROLL
    for (int j = 0; j < 8; j++) {
      const F32x16 s = scale[j * kRuns / 8], m = shift[j * kRuns / 8];
      store(out + 64 * j, weight(column<0>(c[j]), s, m));
      store(out + 64 * j + 16, weight(column<1>(c[j]), s, m));
      store(out + 64 * j + 32, weight(column<2>(c[j]), s, m));
      store(out + 64 * j + 48, weight(column<3>(c[j]), s, m));
    }
  }

 private:
  static inline F32x16 weight(I32x16 code, F32x16 scale, F32x16 shift) {
    const F32x16 product = scale * toFloat(code - splat(int32_t{kFormat.offset}));
    if constexpr (kShift)
      return product + shift;
    else
      return product;
  }
};

}  // namespace gatun::cpu::GK_ISA
