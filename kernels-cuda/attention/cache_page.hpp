// cache_page.hpp: where a key or value lies in a page of the CUDA back end's cache.
//
// A page is (kv_heads, 4 planes): key codes, key scales, value codes, value scales of a head, side by side; scales are
// float16, where a type has them. Every plane is a multiple of 64 bytes, and a page holds its payload
// and nothing else.
//
// Planes lie as fragments of mma m16n8k16 want them (lane = 4 g + t, see device/dialect_cuda.hpp), so that a lane takes
// what it needs with one load and a warp's loads lie side by side:
//   Positions of a page: column g of score tile j is slot 8 (g / 2) + 2 j + g % 2. So a lane's columns 2 t and 2 t + 1
//   of the four tiles are slots 8 t .. 8 t + 7: what it then needs of a value's element.
//   Key codes [j][block of 32 elements][g][t][8]: elements 8 t .. 8 t + 7 of the block; where head_dim ends with half a
//   block, [4]: elements 4 t .. 4 t + 3. GK_Q4_0: a word, elements 2 i and 2 i + 1 in nibbles i and i + 4, plus 8.
//   GK_TURBO4: a word, elements i in nibbles in the order 0 2 1 3 of each four. GK_TURBO3: 16 bits of magnitudes, of
//   elements 0 to 3 the low two bits of each nibble, in that order, of 4 to 7 the high two; and in a plane after these
//   8 bits of signs, in that order.
//   Key scales [j][block][g], with one scale a head [j][g].
//   Value codes, 16 bits: [element][slot]; 8 bits: [element / 16][element % 8][slot / 8][element / 8 % 2][slot % 8].
//   GK_Q4_0: [element / 32][element % 8][slot / 8][element / 16 % 2][slot % 8, in the order 0 2 1 3 of each four], a
//   byte each, of which element / 8 % 2 is the low or high nibble, plus 8: tokens share no byte. GK_TURBO4: the same in
//   the order of slots. GK_TURBO3: magnitudes [element / 32][element % 8][slot], a byte each, of which element / 8 % 4
//   is the place of two bits in the order 0 2 1 3; after these signs [element / 32][element % 4][slot], a byte each, of
//   which element / 4 % 2 is the low or high nibble and element / 8 % 4 the bit.
//   Value scales [element / 32][slot], with one scale a head [slot].
//   GK_F32, which goes no way through tensor cores: keys [element / 4][slot][4], values [slot][element].
// A page of a latent cache is (codes, scales): codes [slot][element], scales [slot][element / 32]. It is keys and
// values at once, so no order is a fragment's: tensor cores take it from shared memory by ldmatrix, plain and
// transposed.
#pragma once

#include "device/dialect.hpp"
#include "turbo.hpp"

namespace gatun::cuda {

constexpr int pageTokens = GK_PAGE_TOKENS;
constexpr int maxHeadDim = 256;
constexpr int maxLatentDim = 640;  // of a key of a latent cache
constexpr int scaleBlock = 32;     // elements of a head that share a scale, but for types with one scale a head

__host__ __device__ __forceinline__ constexpr bool hasScales(int type) {
  return type == GK_Q8_0 || type == GK_Q4_0 || turbo::is(type);
}
// Whether heads are multiplied by the Walsh-Hadamard matrix before they are rounded.
__host__ __device__ __forceinline__ constexpr bool spreadsKeys(int type) { return type == GK_Q4_0 || turbo::is(type); }
__host__ __device__ __forceinline__ constexpr bool spreadsValues(int type) { return turbo::is(type); }

// Bytes of `elements` codes.
__host__ __device__ __forceinline__ constexpr int codeBytes(int type, int elements) {
  return type == GK_F32                      ? 4 * elements
         : type == GK_F16 || type == GK_BF16 ? 2 * elements
         : type == GK_Q4_0                   ? elements / 2
         : type == GK_TURBO4                 ? elements / 2
         : type == GK_TURBO3                 ? elements / 8 * 3
                                             : elements;
}

// Of a page's keys or values of a head.
__host__ __device__ __forceinline__ constexpr int scaleBytes(int type, int headDim) {
  return turbo::is(type) ? 2 * pageTokens : hasScales(type) ? headDim / scaleBlock * 2 * pageTokens : 0;
}

// The cache of one layer; what a head's part of a page is made of.
struct CachePages {
  unsigned char *pages;
  int32_t pageCount;
  int32_t kvHeads;
  int32_t headDim;
  int32_t keyType;
  int32_t valueType;
  // Offsets within a head's part of a page, in bytes.
  int32_t keyScales;
  int32_t values;
  int32_t valueScales;
  int32_t headBytes;
  int32_t latent;  // elements of a latent cache's values; 0: keys and values

  __device__ __forceinline__ unsigned char *head(int32_t page, int32_t kvHead) const {
    return pages + (int64_t{page} * kvHeads + kvHead) * headBytes;
  }
};

inline CachePages cachePages(const gk_cache &cache) {
  const int elements = pageTokens * cache.head_dim;
  CachePages c = {static_cast<unsigned char *>(cache.pages),
                  cache.page_count,
                  cache.kv_heads,
                  cache.head_dim,
                  cache.key_dtype,
                  cache.value_dtype,
                  0,
                  0,
                  0,
                  0,
                  cache.latent};
  c.keyScales = codeBytes(cache.key_dtype, elements);
  c.values = c.keyScales + scaleBytes(cache.key_dtype, cache.head_dim);
  if (cache.latent != 0) {
    c.headBytes = c.values;
    return c;
  }
  c.valueScales = c.values + codeBytes(cache.value_dtype, elements);
  c.headBytes = c.valueScales + scaleBytes(cache.value_dtype, cache.head_dim);
  return c;
}

// ---- slots and columns ----

__device__ __forceinline__ int tileOfSlot(int slot) { return slot % 8 / 2; }
__device__ __forceinline__ int columnOfSlot(int slot) { return slot / 8 * 2 + slot % 2; }

// ---- offsets of codes, in elements (of GK_Q4_0: in nibbles, even) ----

// Of the run of elements that holds element `d` of the key at `slot`, and the length of that run.
struct KeyRun {
  int offset;
  int first;  // element of the head
  int length;
};
// Run `i` of the head_dim / 8 (one more where head_dim ends with half a block) at a slot.
__device__ __forceinline__ KeyRun keyRun(int i, int slot, int headDim) {
  const int block = i / 4, t = i % 4;
  const int length = headDim - scaleBlock * block >= scaleBlock ? 8 : 4;
  const int lane = 4 * columnOfSlot(slot) + t;
  return {tileOfSlot(slot) * 8 * headDim + 8 * scaleBlock * block + lane * length, scaleBlock * block + t * length,
          length};
}
__device__ __forceinline__ int keyRuns(int headDim) { return (headDim + scaleBlock - 1) / scaleBlock * 4; }

// 0 2 1 3 of each four.
__host__ __device__ __forceinline__ constexpr int crossed(int i) {
  return i / 4 * 4 + (i % 4 == 1 ? 2 : i % 4 == 2 ? 1 : i % 4);
}

// The place of an element of a Q4_0 key, and of a TURBO4 key, among the eight nibbles of its word.
__device__ __forceinline__ int keyNibble(int d) { return d % 8 / 2 + d % 2 * 4; }
__device__ __forceinline__ int keyNibbleTurbo4(int d) { return crossed(d % 8); }
// The bit of a TURBO3 key's 16 where its magnitude begins; its sign is at bit crossed(d % 8) of 8.
__device__ __forceinline__ int keyBitTurbo3(int d) { return 4 * crossed(d % 4) + d % 8 / 4 * 2; }
__device__ __forceinline__ int keySignsAt(int headDim) { return pageTokens * headDim / 4; }

__device__ __forceinline__ int keyScaleAt(int type, int block, int slot, int headDim) {
  const int scales = turbo::is(type) ? 1 : headDim / scaleBlock;
  return (tileOfSlot(slot) * scales + (turbo::is(type) ? 0 : block)) * 8 + columnOfSlot(slot);
}

__device__ __forceinline__ int keyAtFp32(int d, int slot) { return (d / 4 * pageTokens + slot) * 4 + d % 4; }

__device__ __forceinline__ int valueAt16(int d, int slot) { return d * pageTokens + slot; }
__device__ __forceinline__ int valueAt8(int d, int slot) {
  return d / 16 * 512 + d % 8 * 64 + slot / 8 * 16 + d / 8 % 2 * 8 + slot % 8;
}
// The byte; element d has its low nibble where d / 8 is even.
__device__ __forceinline__ int valueAtTurbo4(int d, int slot) {
  return d / 32 * 512 + d % 8 * 64 + slot / 8 * 16 + d / 16 % 2 * 8 + slot % 8;
}
__device__ __forceinline__ int valueAt4(int d, int slot) { return valueAtTurbo4(d, crossed(slot)); }
__device__ __forceinline__ int valueAt3(int d, int slot) { return d / 32 * 256 + d % 8 * 32 + slot; }
// The bit of that byte where the magnitude begins.
__device__ __forceinline__ int valueBit3(int d) { return 2 * crossed(d / 8 % 4); }
__device__ __forceinline__ int valueSignsAt(int headDim) { return pageTokens * headDim / 4; }
__device__ __forceinline__ int valueSignAt(int d, int slot) { return d / 32 * 128 + d % 4 * 32 + slot; }
__device__ __forceinline__ int valueSignBit(int d) { return d / 4 % 2 * 4 + d / 8 % 4; }
__device__ __forceinline__ int valueScaleAt(int type, int d, int slot) {
  return turbo::is(type) ? slot : d / scaleBlock * pageTokens + slot;
}

// ---- a latent cache ----

__device__ __forceinline__ int latentAt(int d, int slot, int headDim) { return slot * headDim + d; }
__device__ __forceinline__ int latentScaleAt(int block, int slot, int headDim) {
  return slot * (headDim / scaleBlock) + block;
}

// ---- float8 e4m3fn: 4 bits of exponent, bias 7; 0x7f is not a number ----

__device__ __forceinline__ uint8_t toF8(float x) {
  const uint32_t bits = bitsAs<uint32_t>(x), magnitude = bits & 0x7fffffffu, sign = bits >> 24 & 0x80u;
  if (magnitude > 0x7f800000u) {
    return static_cast<uint8_t>(sign | 0x7f);
  }
  const float a = fminf(bitsAs<float>(magnitude), 448.0f);
  const uint32_t number = bitsAs<uint32_t>(a);
  // Below 2^-6 multiples of 2^-9: adding 2^14 makes fp32 round to those.
  const uint32_t code = a < 0x1p-6f ? bitsAs<uint32_t>(a + 0x1p14f) - bitsAs<uint32_t>(0x1p14f)
                                    : ((number + 0x7ffffu + (number >> 20 & 1u)) >> 20) - ((127u - 7u) << 3);
  return static_cast<uint8_t>(sign | code);
}

__device__ __forceinline__ float fromF8(uint8_t bits) {
  const uint32_t magnitude = bits & 0x7fu, sign = static_cast<uint32_t>(bits & 0x80u) << 24;
  if (magnitude == 0x7fu) {
    return bitsAs<float>(0x7fc00000u | sign);
  }
  const float a =
      magnitude < 8 ? static_cast<float>(magnitude) * 0x1p-9f : bitsAs<float>((magnitude << 20) + ((127u - 7u) << 23));
  return bitsAs<float>(bitsAs<uint32_t>(a) | sign);
}

}  // namespace gatun::cuda
