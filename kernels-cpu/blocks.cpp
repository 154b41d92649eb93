// blocks.cpp: takes the blocks of every GGUF type apart. Reads each byte once; one or two operations a weight.
#include "blocks.hpp"

#include <cmath>
#include <cstring>

#include "half.hpp"

namespace gatun::cpu {
namespace {

uint16_t u16(const uint8_t *p) { return static_cast<uint16_t>(p[0] | p[1] << 8); }
uint8_t u8(int x) { return static_cast<uint8_t>(x); }

// `count` bytes hold codes of `bits` bits: field f of byte i is code f * count + i.
void fields(const uint8_t *source, int count, int bits, uint8_t *codes) {
  const int mask = (1 << bits) - 1;
  for (int f = 0; f < 8 / bits; f++) {
    for (int i = 0; i < count; i++) codes[f * count + i] = u8(source[i] >> (f * bits) & mask);
  }
}

// As `fields`, or-ed into the codes at bit `at`.
void highFields(const uint8_t *source, int count, int bits, int at, uint8_t *codes) {
  const int mask = (1 << bits) - 1;
  for (int f = 0; f < 8 / bits; f++) {
    for (int i = 0; i < count; i++) codes[f * count + i] |= u8((source[i] >> (f * bits) & mask) << at);
  }
}

// Q5_0, Q5_1: bit i of the 32-bit word is the upper bit of code i.
void highWord(const uint8_t *source, uint8_t *codes) {
  for (int i = 0; i < 32; i++) codes[i] |= u8((source[i / 8] >> (i % 8) & 1) << 4);
}

// Q4_K, Q5_K: eight 6-bit scales and minima in 12 bytes.
void scalesAndMinima(const uint8_t *s, Block *block) {
  for (int j = 0; j < 4; j++) {
    block->bytes[j] = s[j] & 0x3f;
    block->bytes[j + 4] = u8((s[j + 8] & 0x0f) | (s[j] >> 2 & 0x30));
    block->minima[j] = s[j + 4] & 0x3f;
    block->minima[j + 4] = u8(s[j + 8] >> 4 | (s[j + 4] >> 2 & 0x30));
  }
}

// Q3_K: sixteen 6-bit scales in 12 bytes, less 32.
void signedScales(const uint8_t *s, Block *block) {
  for (int j = 0; j < 16; j++) {
    const int low = s[j % 8] >> (j / 8 * 4) & 0x0f;
    const int high = s[8 + j % 4] >> (j / 4 * 2) & 3;
    block->bytes[j] = u8((low | high << 4) - 32);
  }
}

uint16_t negated(uint16_t half) { return half ^ 0x8000; }

// AutoAWQ's order of eight columns in a word (source: awq/utils/packing_utils.py): column c is nibble kAwqNibble[c].
constexpr int kAwqNibble[8] = {0, 4, 1, 5, 2, 6, 3, 7};

uint32_t wordAt(const void *words, int64_t index) {
  uint32_t word;
  std::memcpy(&word, static_cast<const uint8_t *>(words) + 4 * index, 4);
  return word;
}

}  // namespace

void groupedCodes(const gk_source &source, int64_t column, int64_t first, int64_t count, uint8_t *codes) {
  if (source.dtype == GK_AWQ) {  // rows are a multiple of 8, so are first and count
    for (int64_t i = 0; i < count; i += 8) {
      const uint32_t word = wordAt(source.data, (column * source.rows + first + i) / 8);
      for (int j = 0; j < 8; j++) codes[32 * (i + j)] = word >> (4 * kAwqNibble[j]) & 15;
    }
    return;
  }
  const int64_t from = source.order != nullptr ? source.order[column] : column;
  for (int64_t i = 0; i < count; i++) {
    codes[32 * i] = wordAt(source.data, from / 8 * source.rows + first + i) >> (4 * (from % 8)) & 15;
  }
}

GroupFactors groupFactors(const gk_source &source, int64_t group, int64_t row) {
  const int64_t index = group * source.rows + row, nibble = source.dtype == GK_AWQ ? kAwqNibble[row % 8] : row % 8;
  const uint32_t zero = wordAt(source.zeros, index / 8) >> (4 * nibble) & 15;
  uint16_t scale;
  std::memcpy(&scale, static_cast<const uint8_t *>(source.scales) + 2 * index, 2);
  return {scale, u8(static_cast<int>(zero) + source.zero_offset)};
}

void decodeBlock(int32_t dtype, const uint8_t *s, Block *block) {
  block->d = u16(s);
  block->m = u16(s + 2);
  uint8_t *codes = block->codes;
  switch (dtype) {
    case GK_Q4_0:
    case GK_IQ4_NL:
      fields(s + 2, 16, 4, codes);
      break;
    case GK_Q4_1:
      fields(s + 4, 16, 4, codes);
      break;
    case GK_Q5_0:
      fields(s + 6, 16, 4, codes);
      highWord(s + 2, codes);
      break;
    case GK_Q5_1:
      fields(s + 8, 16, 4, codes);
      highWord(s + 4, codes);
      break;
    case GK_Q8_0:
      for (int i = 0; i < 32; i++) codes[i] = s[2 + i] ^ 0x80;
      break;
    case GK_Q2_K:
      block->d = u16(s + 80);
      block->m = negated(u16(s + 82));
      std::memcpy(block->bytes, s, 16);
      for (int n = 0; n < 2; n++) fields(s + 16 + 32 * n, 32, 2, codes + 128 * n);
      break;
    case GK_Q3_K:
      block->d = u16(s + 108);
      signedScales(s + 96, block);
      for (int n = 0; n < 2; n++) fields(s + 32 + 32 * n, 32, 2, codes + 128 * n);
      highFields(s, 32, 1, 2, codes);
      break;
    case GK_Q4_K:
      block->m = negated(block->m);
      scalesAndMinima(s + 4, block);
      for (int n = 0; n < 4; n++) fields(s + 16 + 32 * n, 32, 4, codes + 64 * n);
      break;
    case GK_Q5_K:
      block->m = negated(block->m);
      scalesAndMinima(s + 4, block);
      for (int n = 0; n < 4; n++) fields(s + 48 + 32 * n, 32, 4, codes + 64 * n);
      highFields(s + 16, 32, 1, 4, codes);
      break;
    case GK_Q6_K:
      block->d = u16(s + 208);
      std::memcpy(block->bytes, s + 192, 16);
      for (int n = 0; n < 2; n++) {
        fields(s + 64 * n, 64, 4, codes + 128 * n);
        highFields(s + 128 + 32 * n, 32, 2, 4, codes + 128 * n);
      }
      break;
    case GK_IQ4_XS:
      for (int j = 0; j < 8; j++) {
        const int low = s[4 + j / 2] >> (j % 2 * 4) & 0x0f;
        block->bytes[j] = u8((low | (u16(s + 2) >> (2 * j) & 3) << 4) - 32);
        fields(s + 8 + 16 * j, 16, 4, codes + 32 * j);
      }
      break;
    default:
      break;
  }
}

float squareScale(const gk_source &source, int64_t index, int64_t first, int64_t count) {
  const int64_t across = (source.cols + GK_SQUARE - 1) / GK_SQUARE, from = index * GK_SQUARE;
  const int64_t to = from + GK_SQUARE < source.cols ? from + GK_SQUARE : source.cols;
  const auto *weights = static_cast<const uint8_t *>(source.data);
  bool numbers = true;
  for (int64_t r = first; r < first + count; r++) {
    for (int64_t k = from; k < to; k++) numbers &= (weights[r * source.cols + k] & 0x7f) != 0x7f;
  }
  return numbers ? static_cast<const float *>(source.scales)[first / GK_SQUARE * across + index] : NAN;
}

void dequantizeBlock(int32_t dtype, const Block &block, float *destination) {
  const Format format = formatOf(dtype);
  const float d = f16ToF32(block.d), m = f16ToF32(block.m);
  for (int i = 0; i < format.blockColumns; i++) {
    const int code = format.lookup ? kIq4Values[block.codes[i]] : block.codes[i];
    const auto value = static_cast<float>(code - format.offset);
    const uint8_t byte32 = block.bytes[i / 32], byte16 = block.bytes[i / 16];
    float scale = d, shift = 0;
    switch (format.scales) {
      case Scales::DM:
        shift = m;
        break;
      case Scales::Super32:
        scale = d * static_cast<float>(static_cast<int8_t>(byte32));
        break;
      case Scales::Super16:
        scale = d * static_cast<float>(static_cast<int8_t>(byte16));
        break;
      case Scales::SuperMin32:
        scale = d * static_cast<float>(byte32);
        shift = m * static_cast<float>(block.minima[i / 32]);
        break;
      case Scales::SuperMin16:
        scale = d * static_cast<float>(byte16 & 15);
        shift = m * static_cast<float>(byte16 >> 4);
        break;
      default:
        break;
    }
    // Adding a shift of 0 would turn -0 into 0.
    destination[i] = hasShift(format.scales) ? scale * value + shift : scale * value;
  }
}

}  // namespace gatun::cpu
