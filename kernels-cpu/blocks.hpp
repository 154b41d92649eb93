// blocks.hpp: one block of a checkpoint's own layout, taken apart.
#pragma once

#include <stdint.h>

#include "packed.hpp"

namespace gatun::cpu {

// The fields of one block of format.blockColumns columns, as packed.hpp's planes want them.
struct Block {
  uint16_t d;         // float16 bits
  uint16_t m;         // float16 bits: the shift's factor (Q4_1, Q5_1: m; K-quants: -dmin)
  uint8_t bytes[16];  // lanes of the plane `bytes`: [8] or [16], two's complement where signed
  uint8_t minima[8];  // SuperMin32: second lane of each 32 columns
  uint8_t codes[256];
};

// Layouts: gguf/quants.py of the gguf package 0.19 (dequantize_blocks of each type). Not for plain floats and groups.
void decodeBlock(int32_t dtype, const uint8_t *source, Block *block);

// A scale's float16 bits, and the zero with zero_offset added.
struct GroupFactors {
  uint16_t scale;
  uint8_t zero;
};

// GK_AWQ and GK_GPTQ: the codes of one packed column for `count` rows from `first`, a multiple of 8: that of row first
// + i at codes[32 * i]. Layouts: qweight of AWQ (cols, rows / 8), of GPTQ (cols / 8, rows) with the lowest nibble
// first.
void groupedCodes(const gk_source &source, int64_t column, int64_t first, int64_t count, uint8_t *codes);
// Of one row in a group: qzeros (groups, rows / 8), scales (groups, rows).
GroupFactors groupFactors(const gk_source &source, int64_t group, int64_t row);

// GK_F8: the scale of `count` rows from `first`, which lie in one row of squares, in its square `index`; not a number
// where one of their weights is not.
float squareScale(const gk_source &source, int64_t index, int64_t first, int64_t count);

// The block's weights, bit-equal to the reference.
void dequantizeBlock(int32_t dtype, const Block &block, float *destination);

}  // namespace gatun::cpu
