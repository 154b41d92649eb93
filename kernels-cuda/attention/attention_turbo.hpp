// attention_turbo.hpp: codes of GK_TURBO4 and GK_TURBO3 to pairs of float16, exactly.
//
// The two bytes of a level's float16 are looked up apart, four codes at a time, with nibbles as selectors: the sign is
// then one bit of the upper byte. Per 8 codes 15 instructions with 4 bits, 17 (keys) with 3; 18 with GK_Q8_0's 8 bits,
// 11 with GK_Q4_0.
#pragma once

#include "attention/cache_page.hpp"

namespace gatun::cuda {

// A level over turbo::levelsToOne as a float16.
__host__ __device__ __forceinline__ constexpr uint32_t halfOfLevel(int type, int magnitude) {
  const int level = turbo::level(type, magnitude);
  int exponent = 0;
  while (level >> (exponent + 1) != 0) {
    ++exponent;
  }
  const int one = 15 - 5;  // the exponent's code of 1 / 32
  static_assert(turbo::levelsToOne == 32);
  return static_cast<uint32_t>((one + exponent) << 10 | (level << (10 - exponent) & 0x3ff));
}

// Byte `byte` of the float16s of magnitudes `first` to `first` + 3.
__host__ __device__ __forceinline__ constexpr uint32_t bytesOfLevels(int type, int first, int byte) {
  uint32_t word = 0;
  for (int i = 0; i < 4; ++i) {
    word |= (halfOfLevel(type, first + i) >> (8 * byte) & 0xffu) << (8 * i);
  }
  return word;
}

// The levels of the magnitudes in the low nibbles of `selectors`, bits 7, 15, 23 and 31 of `signs` their signs: first
// those of nibbles 0 and 2, then of 1 and 3. Of a nibble three bits count with GK_TURBO4; two may be set with
// GK_TURBO3.
template <int Type>
__device__ __forceinline__ void lookUpLevels(uint32_t selectors, uint32_t signs, uint32_t &first, uint32_t &second) {
  constexpr int more = turbo::magnitudes(Type) - 4;
  constexpr uint32_t low0 = bytesOfLevels(Type, 0, 0), low1 = bytesOfLevels(Type, more, 0);
  constexpr uint32_t high0 = bytesOfLevels(Type, 0, 1), high1 = bytesOfLevels(Type, more, 1);
  const uint32_t low = bytePermute(low0, low1, selectors);
  const uint32_t high = bytePermute(high0, high1, selectors) | (signs & 0x80808080u);
  first = bytePermute(low, high, 0x6240);
  second = bytePermute(low, high, 0x7351);
}

// Eight nibbles: pairs of nibbles 0 and 2, 1 and 3, 4 and 6, 5 and 7.
__device__ __forceinline__ void widenTurbo4(uint32_t word, uint32_t (&pairs)[4]) {
  const uint32_t up = word << 4;
  lookUpLevels<GK_TURBO4>(word, bytePermute(word, up, 0x1504), pairs[0], pairs[1]);
  lookUpLevels<GK_TURBO4>(word >> 16, bytePermute(word, up, 0x3726), pairs[2], pairs[3]);
}

// Lane's run of a key; B fragments of two steps. index: of its first element in the page's keys.
template <int Type>
__device__ __forceinline__ void loadTurboKeys(uint32_t (&k)[4], const unsigned char *keys, int index, int headDim) {
  if constexpr (Type == GK_TURBO4) {
    widenTurbo4(*reinterpret_cast<const uint32_t *>(keys + index / 2), k);
  } else {
    const uint32_t codes = *reinterpret_cast<const uint16_t *>(keys + index / 4);
    const uint32_t signs = keys[keySignsAt(headDim) + index / 8];
    // Times 2^7 + 2^14 + 2^21 + 2^28: bit i of four arrives at bit 8 i + 7.
    lookUpLevels<GK_TURBO3>(codes & 0x3333u, (signs & 15u) * 0x10204080u, k[0], k[1]);
    lookUpLevels<GK_TURBO3>(codes >> 2 & 0x3333u, (signs >> 4) * 0x10204080u, k[2], k[3]);
  }
}

// Lane's codes of a slab of 32 elements of the values, as stored: eight slots of four elements, 8 apart.
struct TurboSlab {
  uint4 codes;  // GK_TURBO4
  uint2 magnitudes, signs;

  template <int Type>
  __device__ __forceinline__ void load(const unsigned char *values, int slab, int lane, int headDim) {
    if constexpr (Type == GK_TURBO4) {
      codes = reinterpret_cast<const uint4 *>(values)[32 * slab + lane];
    } else {
      magnitudes = reinterpret_cast<const uint2 *>(values)[32 * slab + lane];
      signs = reinterpret_cast<const uint2 *>(values + valueSignsAt(headDim))[16 * slab + lane % 16];
      signs.x >>= lane / 16 * 4;
      signs.y >>= lane / 16 * 4;
    }
  }

  // Elements 2 i and 2 i + 1 of the four: pairs of slots, B fragments of both steps.
  template <int Type>
  __device__ __forceinline__ void widen(int i, uint32_t (&even)[4], uint32_t (&odd)[4]) const {
    uint32_t a[4], b[4];
    if constexpr (Type == GK_TURBO4) {
      widenTurbo4(i == 0 ? codes.x : codes.z, a);
      widenTurbo4(i == 0 ? codes.y : codes.w, b);
    } else {
      widen3(magnitudes.x >> (2 * i), signs.x << (6 - 2 * i), a);
      widen3(magnitudes.y >> (2 * i), signs.y << (6 - 2 * i), b);
    }
    even[0] = a[0], even[1] = a[2], even[2] = b[0], even[3] = b[2];
    odd[0] = a[1], odd[1] = a[3], odd[2] = b[1], odd[3] = b[3];
  }

 private:
  // Four slots, a byte each: magnitudes in the low bits of its nibbles, the odd element's sign in bit 7 of `odd`, the
  // even one's a bit below.
  __device__ __forceinline__ static void widen3(uint32_t nibbles, uint32_t odd, uint32_t (&pairs)[4]) {
    const uint32_t selectors = nibbles & 0x33333333u, even = odd << 1;
    lookUpLevels<GK_TURBO3>(selectors, bytePermute(even, odd, 0x5140), pairs[0], pairs[1]);
    lookUpLevels<GK_TURBO3>(selectors >> 16, bytePermute(even, odd, 0x7362), pairs[2], pairs[3]);
  }
};

}  // namespace gatun::cuda
