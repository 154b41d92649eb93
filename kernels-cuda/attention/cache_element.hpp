// cache_element.hpp: single elements of a page, exactly as they are stored, as fp32.
#pragma once

#include "attention/cache_page.hpp"

namespace gatun::cuda {

__device__ __forceinline__ float from16(int type, const unsigned char *codes, int at) {
  const uint16_t bits = reinterpret_cast<const uint16_t *>(codes)[at];
  return type == GK_F16 ? fromF16(bits) : fromBf16(bits);
}

// Element d of the latent at `slot` of a page.
__device__ __forceinline__ float latentElement(const CachePages &cache, const unsigned char *page, int d, int slot) {
  const int type = cache.keyType, at = latentAt(d, slot, cache.headDim);
  switch (type) {
    case GK_F32:
      return reinterpret_cast<const float *>(page)[at];
    case GK_F16:
    case GK_BF16:
      return from16(type, page, at);
    case GK_F8:
      return fromF8(page[at]);
    default: {
      const auto *const scales = reinterpret_cast<const uint16_t *>(page + cache.keyScales);
      return static_cast<float>(static_cast<int8_t>(page[at])) *
             fromF16(scales[latentScaleAt(d / scaleBlock, slot, cache.headDim)]);
    }
  }
}

// What a code of GK_TURBO4 or GK_TURBO3, sign above magnitude, is but for its head's scale.
__device__ __forceinline__ float turboLevel(int type, int code) {
  const int magnitudes = turbo::magnitudes(type);
  const float level = static_cast<float>(turbo::level(type, code % magnitudes)) / turbo::levelsToOne;
  return code < magnitudes ? level : -level;
}

// Element d of the key at `slot` of a head's part of a page.
__device__ __forceinline__ float keyElement(const CachePages &cache, const unsigned char *head, int d, int slot) {
  const int type = cache.keyType, block = d / scaleBlock;
  if (type == GK_F32) {
    return reinterpret_cast<const float *>(head)[keyAtFp32(d, slot)];
  }
  const bool whole = cache.headDim - scaleBlock * block >= scaleBlock;
  const int inBlock = d % scaleBlock, length = whole ? 8 : 4;
  const KeyRun run = keyRun(4 * block + inBlock / length, slot, cache.headDim);
  const int at = run.offset + inBlock % length;
  if (type == GK_F16 || type == GK_BF16) {
    return from16(type, head, at);
  }
  if (type == GK_F8) {
    return fromF8(head[at]);
  }
  const float scale =
      fromF16(reinterpret_cast<const uint16_t *>(head + cache.keyScales)[keyScaleAt(type, block, slot, cache.headDim)]);
  if (type == GK_Q8_0) {
    return static_cast<float>(static_cast<int8_t>(head[at])) * scale;
  }
  if (type == GK_TURBO3) {
    const uint32_t word = *reinterpret_cast<const uint16_t *>(head + run.offset / 4);
    const uint32_t signs = head[keySignsAt(cache.headDim) + run.offset / 8];
    const uint32_t code = (word >> keyBitTurbo3(d) & 3u) | (signs >> crossed(d % 8) & 1u) << 2;
    return turboLevel(type, static_cast<int>(code)) * scale;
  }
  const uint32_t word = *reinterpret_cast<const uint32_t *>(head + run.offset / 2);
  if (type == GK_TURBO4) {
    return turboLevel(type, static_cast<int>(word >> (4 * keyNibbleTurbo4(d)) & 15u)) * scale;
  }
  return static_cast<float>(static_cast<int>(word >> (4 * keyNibble(d)) & 15u) - 8) * scale;
}

// Element d of the value at `slot`, but for its scale.
__device__ __forceinline__ float valueCode(int type, const unsigned char *codes, int d, int slot, int headDim) {
  const int nibble = d / 8 % 2 * 4;
  switch (type) {
    case GK_Q8_0:
      return static_cast<float>(static_cast<int8_t>(codes[valueAt8(d, slot)]));
    case GK_TURBO4:
      return turboLevel(type, codes[valueAtTurbo4(d, slot)] >> nibble & 15);
    case GK_TURBO3: {
      const int sign = codes[valueSignsAt(headDim) + valueSignAt(d, slot)] >> valueSignBit(d) & 1;
      return turboLevel(type, (codes[valueAt3(d, slot)] >> valueBit3(d) & 3) | sign << 2);
    }
    default:
      return static_cast<float>((codes[valueAt4(d, slot)] >> nibble & 15) - 8);
  }
}

__device__ __forceinline__ float valueElement(const CachePages &cache, const unsigned char *head, int d, int slot) {
  const int type = cache.valueType;
  const unsigned char *const codes = head + cache.values;
  switch (type) {
    case GK_F32:
      return reinterpret_cast<const float *>(codes)[slot * cache.headDim + d];
    case GK_F16:
    case GK_BF16:
      return from16(type, codes, valueAt16(d, slot));
    case GK_F8:
      return fromF8(codes[valueAt8(d, slot)]);
    default: {
      const float scale =
          fromF16(reinterpret_cast<const uint16_t *>(head + cache.valueScales)[valueScaleAt(type, d, slot)]);
      return valueCode(type, codes, d, slot, cache.headDim) * scale;
    }
  }
}

}  // namespace gatun::cuda
