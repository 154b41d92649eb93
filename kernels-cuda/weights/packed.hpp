// packed.hpp: the layout of packed weights: what pack writes and every matrix multiplication reads.
//
// A matrix is a run of tiles of 16 rows (the last padded with zero rows). Columns go in blocks of 32; two blocks are a
// pair, four pairs a quad, and the columns are padded to a pair with zero codes. A tile is planes, each starting at a
// multiple of GK_ALIGNMENT. They are in the order in which the lanes of a warp hold fragments of m16n8k32: lane =
// 4 g + t; register j of a block is row g (+ 8 where j is odd), columns 4 t .. 4 t + 3 (+ 16 where j >= 2).
//   codes  with an offset of 2^(bits - 1), less that in two's complement, but for those that are looked up.
//          4 bits: [pair][lane][4 words]: words 0 and 1 are rows g and g + 8 of block 0, words 2 and 3 of block 1.
//          Byte i holds column 4 t + i in the low and 16 + 4 t + i in the high bits. Where codes are looked up, nibble
//          i and nibble 4 + i instead.
//          8 bits: [block][lane][4 words]: registers 0 to 3 as signed bytes; of F8 as they are.
//          2 bits: [pair][lane][word of block 0, of block 1]: register j in bits 2 j of each byte.
//          F16, BF16: [16 columns][lane][4 words]: the fragment of m16n8k16. F32: [8 columns][lane][4 words]: row g
//          columns 2 t and 2 t + 1, row g + 8 likewise.
//   high   the codes' upper bits: 2 bits as above, or 1 bit: [pair][lane][word]: register j of block m in bit 4 m + j
//   of
//          each byte.
//   scales D: [pair][16 rows][2 halves]. DM: [pair][16 rows][scale, shift, scale, shift]. Super16: [super-block][16
//   rows]
//          half. SuperMin16: [super-block][16 rows][d, -dmin]. Group: [group][16 rows] half. Square: [square] float.
//          Super32: [super-block][16 rows][2 words]: d, above it the upper 2 bits of 8 scales; their low nibbles.
//          SuperMin32: [super-block][16 rows][4 words]: d and -dmin; low nibbles of 8 scales; of 8 minima; byte i has
//          the upper bits of scales 2 i and 2 i + 1, then of minima 2 i and 2 i + 1.
//   more   what scales has no room for. Super16: [super-block][16 rows][16] int8 (6-bit codes), or [3 words]: low
//          nibbles of scales 0 to 7, of 8 to 15, upper 2 bits of all (3-bit codes). SuperMin16: [super-block][16
//          rows][16] bytes. Group: [group][16 rows] byte: zero.
// So a packed matrix is as large as the checkpoint's, but for the padding and up to 3 planes' alignment a tile; zeros
// of groups take a byte where the checkpoint has half of one.
#pragma once

#include <cstdint>

#include "../../kernels-cpu/packed.hpp"
#include "gatun/kernels.h"
#include "guard.hpp"

namespace gatun::cuda {

using cpu::Scales;

constexpr int tileRows = GK_TILE_ROWS;
constexpr int blockColumns = 32;
constexpr int pairColumns = 64;
constexpr int quadColumns = 256;  // also of a super-block
constexpr int quadBlocks = 8;
constexpr int chunkColumns = 1024;  // whose products one sum holds; see products/products.hpp
constexpr int chunkBlocks = 32;
constexpr int chunkQuads = 4;

// Bits of a weight in the plane of codes, and in that of their upper bits.
constexpr int codeBits(const cpu::Format &format) {
  return format.bits == 0 ? 8 * format.floatBytes : cpu::baseBits(format.bits);
}
constexpr int upperBits(const cpu::Format &format) { return format.bits == 0 ? 0 : cpu::highBits(format.bits); }

// Words that a lane loads for one row's scales of a pair; 1 where there are none.
constexpr int factorWordsOf(const cpu::Format &format) {
  switch (format.scales) {
    case Scales::None:
    case Scales::D:
    case Scales::Square:
      return 1;
    case Scales::Super16:
      return format.bits == 3 ? 3 : 2;
    case Scales::SuperMin32:
      return 4;
    default:
      return 2;
  }
}

// What a type of weights is made of. Once packed, AWQ and GPTQ are the same.
template <int Dtype>
struct Packed {
  static constexpr cpu::Format format = cpu::formatOf(Dtype);
  static constexpr Scales scales = format.scales;
  static constexpr bool plain = format.bits == 0 && scales == Scales::None;
  static constexpr bool shifted = cpu::hasShift(scales);
  static constexpr bool zeroed = scales == Scales::Group;  // its shift is -scale * zero
  // Groups hold whole pairs of blocks: GK_GPTQ stands for AWQ and GPTQ where that is known, GK_AWQ where it is not.
  static constexpr bool paired = Dtype == GK_GPTQ;
  static constexpr bool summed = shifted && !zeroed;  // integer products add shift * sum of the activations
  static constexpr int runs = plain ? 1 : 32 / cpu::scaleRun(scales);  // scales a block
  // Words of a lane for a pair. A weight of n bits takes n of them.
  // Codes less an offset are signed: in the upper bits of a byte they have their sign without further ado.
  static constexpr int codeShift = plain || format.lookup || format.offset == 0 ? 0 : 8 - format.bits;
  static constexpr int codeWords = codeBits(format);
  static constexpr int highWords = upperBits(format);
  static constexpr int factorWords = paired ? 1 : factorWordsOf(format);
};

// Byte offsets of a tile's planes, and its size. The codes come first.
struct Planes {
  int64_t high = 0;
  int64_t scales = 0;
  int64_t more = 0;
  int64_t size = 0;
};

// cols: as kernels.h has them for the type. group: 0 for types without groups.
constexpr Planes planesOf(int32_t dtype, int64_t cols, int32_t group) {
  const cpu::Format format = cpu::formatOf(dtype);
  const int64_t pairs = (cols + pairColumns - 1) / pairColumns, supers = cols / quadColumns;
  const int64_t lane = tileRows, pairBytes = pairs * pairColumns * tileRows / 8;  // one bit of every weight
  int64_t scales = 0, more = 0;
  switch (format.scales) {
    case Scales::None:
      break;
    case Scales::D:
      scales = pairs * lane * 4;
      break;
    case Scales::DM:
      scales = pairs * lane * 8;
      break;
    case Scales::Super32:
      scales = supers * lane * 8;
      break;
    case Scales::Super16:
      scales = supers * lane * 2, more = supers * lane * (format.bits == 3 ? 12 : 16);
      break;
    case Scales::SuperMin32:
      scales = supers * lane * 16;
      break;
    case Scales::SuperMin16:
      scales = supers * lane * 4, more = supers * lane * 16;
      break;
    case Scales::Group:
      scales = cols / group * lane * 2, more = cols / group * lane;
      break;
    case Scales::Square:
      scales = (cols + GK_SQUARE - 1) / GK_SQUARE * 4;
      break;
  }
  Planes planes;
  planes.high = pairBytes * codeBits(format);
  planes.scales = planes.high + pairBytes * upperBits(format);
  planes.more = cpu::aligned(planes.scales + scales);
  planes.size = cpu::aligned(planes.more + more);
  return planes;
}

// One packed matrix as kernels take it.
struct Matrix {
  const uint8_t *data;
  Planes planes;
  int64_t rows;
  int64_t cols;
  int32_t blocks;  // with data: ceil(cols / 32)
  int32_t pairs;
  int32_t groupBlocks;  // blocks of a group; 1 for types without
  uint32_t groupShare;  // 2^31 / groupBlocks, rounded up: block b is in group b * groupShare / 2^31
};

inline Matrix matrixOf(const gk_weight &weight, int64_t expert = 0) {
  Matrix m = {};
  m.data = static_cast<const uint8_t *>(weight.data) + expert * weight.expert_stride;
  m.planes = planesOf(weight.dtype, weight.cols, weight.group);
  m.rows = weight.rows;
  m.cols = weight.cols;
  m.blocks = static_cast<int32_t>((weight.cols + blockColumns - 1) / blockColumns);
  m.pairs = static_cast<int32_t>((weight.cols + pairColumns - 1) / pairColumns);
  m.groupBlocks = weight.group > 0 ? weight.group / blockColumns : 1;
  const auto divisor = static_cast<uint32_t>(m.groupBlocks);
  m.groupShare = ((uint32_t{1} << 31) + divisor - 1) / divisor;
  return m;
}

// call.operator()<Dtype>() with the type as a constant; GPTQ's is AWQ's.
template <class Call>
void forQuantizedType(int32_t dtype, Call call) {
  switch (dtype) {
    case GK_Q4_0:
      return call.template operator()<GK_Q4_0>();
    case GK_Q4_1:
      return call.template operator()<GK_Q4_1>();
    case GK_Q5_0:
      return call.template operator()<GK_Q5_0>();
    case GK_Q5_1:
      return call.template operator()<GK_Q5_1>();
    case GK_Q8_0:
      return call.template operator()<GK_Q8_0>();
    case GK_Q2_K:
      return call.template operator()<GK_Q2_K>();
    case GK_Q3_K:
      return call.template operator()<GK_Q3_K>();
    case GK_Q4_K:
      return call.template operator()<GK_Q4_K>();
    case GK_Q5_K:
      return call.template operator()<GK_Q5_K>();
    case GK_Q6_K:
      return call.template operator()<GK_Q6_K>();
    case GK_IQ4_NL:
      return call.template operator()<GK_IQ4_NL>();
    case GK_IQ4_XS:
      return call.template operator()<GK_IQ4_XS>();
    case GK_AWQ:
    case GK_GPTQ:
      return call.template operator()<GK_AWQ>();
    default:
      throw Error(GK_INTERNAL, "type %d has no packed form of integers", dtype);
  }
}
template <class Call>
void forWeightType(int32_t dtype, Call call) {
  switch (dtype) {
    case GK_F32:
      return call.template operator()<GK_F32>();
    case GK_F16:
      return call.template operator()<GK_F16>();
    case GK_BF16:
      return call.template operator()<GK_BF16>();
    case GK_F8:
      return call.template operator()<GK_F8>();
    default:
      return forQuantizedType(dtype, call);
  }
}

}  // namespace gatun::cuda
