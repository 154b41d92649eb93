// pack.cpp: repacks a checkpoint's matrix into tiles (packed.hpp). Reads and writes every byte once; a few operations
// a weight. Work is split by tiles, so nothing is written by two threads.
#include <cstring>

#include "blocks.hpp"
#include "ops.hpp"

namespace gatun::cpu {
namespace {

struct Work {
  const gk_source &source;
  uint8_t *destination;
  Format format;
  PackedTile tile;
};

// Ors code vector j's four bytes of row r (`word`) into a plane of `bits`-bit fields at block b.
void put(uint8_t *plane, int bits, int64_t b, int j, int r, uint32_t word) {
  const int vectors = bits;  // of 64 bytes a block
  const int load = j % vectors, field = j / vectors;
  uint8_t *at = plane + ((b * vectors + load) * GK_TILE_ROWS + r) * 4;
  uint32_t old;
  std::memcpy(&old, at, 4);
  old |= word << (field * bits);
  std::memcpy(at, &old, 4);
}

// 32 codes of row r into block b of the tile.
void putCodes(const Work &work, uint8_t *tile, int64_t b, int r, const uint8_t *codes) {
  const int base = baseBits(work.format.bits), high = highBits(work.format.bits);
  const uint32_t baseMask = 0x01010101u * ((1u << base) - 1), highMask = 0x01010101u * ((1u << high) - 1);
  uint32_t words[8];
  std::memcpy(words, codes, 32);
  if (base == 4) {  // as put does it, but that a word is written once
    for (int j = 0; j < 4; j++) {
      const uint32_t both = (words[j] & baseMask) | (words[j + 4] & baseMask) << 4;
      std::memcpy(tile + ((b * 4 + j) * GK_TILE_ROWS + r) * 4, &both, 4);
    }
  } else {
    for (int j = 0; j < 8; j++) put(tile, base, b, j, r, words[j] & baseMask);
  }
  if (high > 0) {
    for (int j = 0; j < 8; j++) put(tile + work.tile.high, high, b, j, r, words[j] >> base & highMask);
  }
}

void putHalf(const Work &work, uint8_t *tile, int64_t index, int r, uint16_t half) {
  std::memcpy(tile + work.tile.halves + (index * GK_TILE_ROWS + r) * 2, &half, 2);
}

void putByte(const Work &work, uint8_t *tile, int64_t index, int r, uint8_t byte) {
  tile[work.tile.bytes + index * GK_TILE_ROWS + r] = byte;
}

// n: index of the checkpoint's block in its row.
void putBlock(const Work &work, uint8_t *tile, int64_t n, int r, const Block &block) {
  const int64_t blocks = work.format.blockColumns / 32;
  for (int64_t i = 0; i < blocks; i++) putCodes(work, tile, n * blocks + i, r, block.codes + 32 * i);
  const bool pair = hasShift(work.format.scales);
  putHalf(work, tile, pair ? 2 * n : n, r, block.d);
  if (pair) putHalf(work, tile, 2 * n + 1, r, block.m);
  switch (work.format.scales) {
    case Scales::Super32:
      for (int i = 0; i < 8; i++) putByte(work, tile, 8 * n + i, r, block.bytes[i]);
      break;
    case Scales::Super16:
    case Scales::SuperMin16:
      for (int i = 0; i < 16; i++) putByte(work, tile, 16 * n + i, r, block.bytes[i]);
      break;
    case Scales::SuperMin32:
      for (int i = 0; i < 8; i++) {
        putByte(work, tile, 16 * n + 2 * i, r, block.bytes[i]);
        putByte(work, tile, 16 * n + 2 * i + 1, r, block.minima[i]);
      }
      break;
    default:
      break;
  }
}

void packBlocks(const Work &work, int64_t row, uint8_t *tile) {
  const int64_t blocks = work.source.cols / work.format.blockColumns;
  const uint8_t *source = static_cast<const uint8_t *>(work.source.data) + row * blocks * work.format.blockBytes;
  Block block;
  for (int64_t n = 0; n < blocks; n++, source += work.format.blockBytes) {
    decodeBlock(work.source.dtype, source, &block);
    putBlock(work, tile, n, static_cast<int>(row % GK_TILE_ROWS), block);
  }
}

// Float: an unsigned integer of the float's size. Columns go in runs whose place in the tile stays in the first cache.
template <typename Float>
void packFloats(const Work &work, int64_t first, int64_t count, uint8_t *tile) {
  constexpr int64_t width = sizeof(Float), run = 256;
  const int64_t cols = work.source.cols;
  const uint8_t *source = static_cast<const uint8_t *>(work.source.data) + first * cols * width;
  for (int64_t from = 0; from < cols; from += run) {
    const int64_t to = from + run < cols ? from + run : cols;
    for (int64_t r = 0; r < count; r++) {
      for (int64_t k = from; k < to; k++) {
        std::memcpy(tile + (k * GK_TILE_ROWS + r) * width, source + (r * cols + k) * width, width);
      }
    }
  }
}

void packSquares(const Work &work, int64_t first, int64_t count, uint8_t *tile) {
  const int64_t cols = work.source.cols, squares = (cols + GK_SQUARE - 1) / GK_SQUARE;
  const uint8_t *source = static_cast<const uint8_t *>(work.source.data) + first * cols;
  for (int64_t k = 0; k < cols; k += 4) {
    const auto bytes = static_cast<size_t>(cols - k < 4 ? cols - k : 4);
    for (int64_t r = 0; r < count; r++) std::memcpy(tile + (k * GK_TILE_ROWS + 4 * r), source + r * cols + k, bytes);
  }
  for (int64_t s = 0; s < squares; s++) {
    const float scale = squareScale(work.source, s, first, count);
    std::memcpy(tile + work.tile.floats + s * static_cast<int64_t>(sizeof scale), &scale, sizeof scale);
  }
}

void packGroups(const Work &work, int64_t first, int64_t count, uint8_t *tile) {
  const gk_source &source = work.source;
  for (int64_t g = 0; g < source.cols / source.group; g++) {
    for (int r = 0; r < count; r++) {
      const GroupFactors factors = groupFactors(source, g, first + r);
      putHalf(work, tile, g, r, factors.scale);
      putByte(work, tile, g, r, factors.zero);
    }
  }
  uint8_t codes[GK_TILE_ROWS * 32];
  for (int64_t b = 0; b < source.cols / 32; b++) {
    for (int k = 0; k < 32; k++) groupedCodes(source, 32 * b + k, first, count, codes + k);
    for (int r = 0; r < count; r++) putCodes(work, tile, b, r, codes + 32 * r);
  }
}

void tiles(void *arg, int64_t begin, int64_t end, int) {
  const Work &work = *static_cast<const Work *>(arg);
  std::memset(work.destination + begin * work.tile.size, 0, static_cast<size_t>((end - begin) * work.tile.size));
  for (int64_t t = begin; t < end; t++) {
    uint8_t *tile = work.destination + t * work.tile.size;
    const int64_t first = t * GK_TILE_ROWS, left = work.source.rows - first;
    const int64_t count = left < GK_TILE_ROWS ? left : GK_TILE_ROWS;
    if (work.format.scales == Scales::Group) {
      packGroups(work, first, count, tile);
    } else if (work.format.scales == Scales::Square) {
      packSquares(work, first, count, tile);
    } else if (work.format.bits == 0) {
      work.format.floatBytes == 2 ? packFloats<uint16_t>(work, first, count, tile)
                                  : packFloats<uint32_t>(work, first, count, tile);
    } else {
      for (int64_t row = first; row < first + count; row++) packBlocks(work, row, tile);
    }
  }
}

}  // namespace

int64_t packedBytes(const gk_source &source) {
  return tileCount(source.rows) * packedTile(source.dtype, source.cols, source.group).size;
}

void pack(Pool &pool, const gk_source &source, void *destination) {
  Work work{source, static_cast<uint8_t *>(destination), formatOf(source.dtype),
            packedTile(source.dtype, source.cols, source.group)};
  pool.parallelFor(tileCount(source.rows), 1, tiles, &work);
}

}  // namespace gatun::cpu
