// packed.hpp: the layout of packed weights: what pack writes and every matrix multiplication reads.
//
// A matrix is a run of tiles of GK_TILE_ROWS rows (the last padded with zero rows). A tile is planes, each starting at
// a multiple of GK_ALIGNMENT, for blocks b of 32 columns; r is the row within the tile, k the column within the block:
//   codes  unsigned. Code vector j (64 bytes) holds columns 4 j .. 4 j + 3: byte 4 r + k % 4.
//          8 bits: [b][j]. 4 bits: [b][4], load i holds vector i in the low and i + 4 in the high bits of each byte.
//          2 bits: [b][2], load i holds vectors i, i + 2, i + 4, i + 6 from the low bits up.
//   high   the codes' upper bits: 2 bits as above, or 1 bit: [b][1], bit j of a byte belongs to vector j.
//   halves float16 lanes of 16 rows: scales, and minima (see Scales).
//   bytes  8-bit lanes of 16 rows: the sub-scales of super-blocks, or the zeros of groups.
// F32, F16 and BF16: one plane [column][16 rows].
// F8: code vectors as above, for columns padded to a multiple of 4, and
//   floats float32 [square]: the scale of the tile's rows in GK_SQUARE columns. No square ends within a tile.
//
// A weight is scale * (code - offset), or scale * code + shift, computed in that order in fp32: bit for bit what the
// format's reference computes.
#pragma once

#include <gatun/kernels.h>
#include <stdint.h>

namespace gatun::cpu {

enum class Scales {
  None,        // plain floats
  D,           // halves [b]: scale
  DM,          // halves [b][2]: scale, shift
  Super32,     // halves [super-block]: d; bytes [b] int8: scale = d * byte
  Super16,     // halves [super-block]: d; bytes [b][2] int8, one each 16 columns
  SuperMin32,  // halves [super-block][2]: d, -dmin; bytes [b][2]: scale = d * byte 0, shift = -dmin * byte 1
  SuperMin16,  // halves [super-block][2]: d, -dmin; bytes [b][2], one each 16 columns: scale low, shift high 4 bits
  Group,       // halves [group]: scale; bytes [group]: zero; shift = -(scale * zero)
  Square       // floats [square]: scale
};

// What a type of weights is made of. `offset` counts after the lookup where there is one.
struct Format {
  int blockColumns = 1;  // of the checkpoint's own block
  int blockBytes = 0;
  int bits = 0;  // of a code; 0: floats
  Scales scales = Scales::None;
  int offset = 0;
  bool lookup = false;  // codes are indices into kIq4Values
  int floatBytes = 0;   // of a float
};

// IQ4's values plus 128 (source: gguf/quants.py, IQ4_NL.kvalues).
static constexpr uint8_t kIq4Values[16] = {1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241};

// blockColumns is 0 for a type that is no weight's.
static constexpr Format formatOf(int32_t dtype) {
  switch (dtype) {
    case GK_F32:
      return {1, 4, 0, Scales::None, 0, false, 4};
    case GK_F16:
    case GK_BF16:
      return {1, 2, 0, Scales::None, 0, false, 2};
    case GK_F8:
      return {1, 1, 0, Scales::Square, 0, false, 1};
    case GK_Q4_0:
      return {32, 18, 4, Scales::D, 8};
    case GK_Q4_1:
      return {32, 20, 4, Scales::DM, 0};
    case GK_Q5_0:
      return {32, 22, 5, Scales::D, 16};
    case GK_Q5_1:
      return {32, 24, 5, Scales::DM, 0};
    case GK_Q8_0:
      return {32, 34, 8, Scales::D, 128};
    case GK_Q2_K:
      return {256, 84, 2, Scales::SuperMin16, 0};
    case GK_Q3_K:
      return {256, 110, 3, Scales::Super16, 4};
    case GK_Q4_K:
      return {256, 144, 4, Scales::SuperMin32, 0};
    case GK_Q5_K:
      return {256, 176, 5, Scales::SuperMin32, 0};
    case GK_Q6_K:
      return {256, 210, 6, Scales::Super16, 32};
    case GK_IQ4_NL:
      return {32, 18, 4, Scales::D, 128, true};
    case GK_IQ4_XS:
      return {256, 136, 4, Scales::Super32, 128, true};
    case GK_AWQ:
    case GK_GPTQ:
      return {1, 0, 4, Scales::Group, 0};
    default:
      return {0, 0};
  }
}

static constexpr bool hasShift(Scales scales) {
  return scales == Scales::DM || scales == Scales::SuperMin32 || scales == Scales::SuperMin16 ||
         scales == Scales::Group;
}
// Columns that share a scale and a shift, within a block of 32.
static constexpr int scaleRun(Scales scales) {
  return scales == Scales::Super16 || scales == Scales::SuperMin16 ? 16 : 32;
}

static constexpr int baseBits(int bits) { return bits == 8 ? 8 : bits >= 4 ? 4 : 2; }
static constexpr int highBits(int bits) { return bits - baseBits(bits); }

// Byte offsets of a tile's planes, and its size.
struct PackedTile {
  int64_t high = 0;
  int64_t halves = 0;
  int64_t bytes = 0;
  int64_t floats = 0;
  int64_t size = 0;
};
static_assert(GK_SQUARE % GK_TILE_ROWS == 0);

// A block of GK_A8, {float scale; int16 sum[2]; int8 q[32]}, and of GK_A16, {float scale; int32 sum[2]; int8 high[32],
// low[32]}; of GK_BF16, {bfloat16 x[32]}.
static constexpr int64_t kA8BlockBytes = 40;
static constexpr int64_t kA16BlockBytes = 76;
static constexpr int64_t kBf16BlockBytes = 64;
// What one of the high digit counts, so that digits of -127 to 127 reach every number.
static constexpr int kDigit = 254;

static constexpr int64_t activationBlockBytes(int32_t dtype) {
  return dtype == GK_A8 ? kA8BlockBytes : dtype == GK_A16 ? kA16BlockBytes : kBf16BlockBytes;
}

static constexpr int64_t aligned(int64_t bytes) { return (bytes + GK_ALIGNMENT - 1) / GK_ALIGNMENT * GK_ALIGNMENT; }

// cols: a multiple of 32, or any for floats. group: 0 for types without groups.
static constexpr PackedTile packedTile(int32_t dtype, int64_t cols, int32_t group) {
  const Format format = formatOf(dtype);
  PackedTile tile;
  if (format.bits == 0) {
    const bool square = format.scales == Scales::Square;
    const int64_t scales = square ? (cols + GK_SQUARE - 1) / GK_SQUARE * static_cast<int64_t>(sizeof(float)) : 0;
    tile.floats = aligned((square ? (cols + 3) / 4 * 4 : cols) * GK_TILE_ROWS * format.floatBytes);
    tile.size = aligned(tile.floats + scales);
    return tile;
  }
  const int64_t blocks = cols / 32, supers = cols / 256, lane = GK_TILE_ROWS;
  int64_t halves = 0, bytes = 0;
  switch (format.scales) {
    case Scales::None:
    case Scales::Square:
      break;
    case Scales::D:
      halves = blocks;
      break;
    case Scales::DM:
      halves = 2 * blocks;
      break;
    case Scales::Super32:
      halves = supers, bytes = blocks;
      break;
    case Scales::Super16:
      halves = supers, bytes = 2 * blocks;
      break;
    case Scales::SuperMin32:
    case Scales::SuperMin16:
      halves = 2 * supers, bytes = 2 * blocks;
      break;
    case Scales::Group:
      halves = cols / group, bytes = halves;
      break;
  }
  tile.high = cols * lane * baseBits(format.bits) / 8;
  tile.halves = tile.high + cols * lane * highBits(format.bits) / 8;
  tile.bytes = aligned(tile.halves + halves * lane * 2);
  tile.size = aligned(tile.bytes + bytes * lane);
  return tile;
}

static constexpr int64_t tileCount(int64_t rows) { return (rows + GK_TILE_ROWS - 1) / GK_TILE_ROWS; }

}  // namespace gatun::cpu
