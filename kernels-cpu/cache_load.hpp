// cache_load.hpp: reads a head's keys or values in a page of the cache as float32, exactly as they are stored: the
// product of an 8-bit code and a float16 scale has at most 19 bits, so where it is formed changes no result.
//
// withKeys and withValues hand a reader of the cache's type to `body`, which eachKey and loadValues then read.
#pragma once

#include <type_traits>

#include "cache_page.hpp"
#include "simd.hpp"

namespace gatun::cpu::GK_ISA {

// A head's part of a page: what cacheKeys or cacheValues points at.
struct Plane {
  int32_t dtype;
  const uint8_t *data;
  int64_t dim;
};

enum F16 : uint16_t {};
enum Bf16 : uint16_t {};
enum F8 : uint8_t {};

static inline F32x16 widen(const float *p) { return load(p); }
static inline F32x16 widen(const F16 *p) { return loadF16(reinterpret_cast<const uint16_t *>(p)); }
static inline F32x16 widen(const Bf16 *p) { return loadBf16(reinterpret_cast<const uint16_t *>(p)); }

// float8 e4m3fn: 4 bits of exponent, bias 7; multiples of 2^-9 below 2^-6; 0x7f is not a number.
static inline F32x16 widen(const F8 *p) {
  const I32x16 bits = loadU8(p), magnitude = bits & splat(int32_t{0x7f});
  const I32x16 normal = shiftLeft<20>(magnitude) + splat(int32_t{(127 - 7) << 23});
  const I32x16 subnormal = asInt(toFloat(magnitude) * splat(0x1p-9f));
  const I32x16 number = selectGreater(magnitude, splat(int32_t{7}), normal, subnormal);
  const I32x16 a = selectGreater(magnitude, splat(int32_t{0x7e}), splat(int32_t{0x7fc00000}), number);
  return asFloat(a | shiftLeft<24>(bits & splat(int32_t{0x80})));
}

// Keys (dim, GK_PAGE_TOKENS) or values (GK_PAGE_TOKENS, dim) without scales.
template <class T>
struct Elements {
  const T *data;
  int64_t dim;
  static constexpr int leastVectors = 1;
};

struct Q8Keys {
  const uint8_t *codes;    // (dim, GK_PAGE_TOKENS)
  const uint16_t *scales;  // (dim / 32, GK_PAGE_TOKENS)
  int64_t dim;
};

struct Q4Keys {
  const uint8_t *codes;    // (dim / 2, GK_PAGE_TOKENS)
  const uint16_t *scales;  // (dim / 32, GK_PAGE_TOKENS)
  int64_t dim;
};

struct Q8Values {
  const uint8_t *codes;  // (GK_PAGE_TOKENS, dim)
  const float *scales;   // (GK_PAGE_TOKENS, dim / 32)
  int64_t dim;
  static constexpr int leastVectors = 2;
};

struct Q4Values {
  const uint8_t *codes;  // (GK_PAGE_TOKENS, dim / 2)
  const float *scales;   // (GK_PAGE_TOKENS, dim / 32)
  int64_t dim;
  static constexpr int leastVectors = 2;
};

struct Turbo4Keys {
  const uint8_t *codes;    // (dim / 2, GK_PAGE_TOKENS)
  const uint16_t *scales;  // (GK_PAGE_TOKENS)
  int64_t dim;
};

struct Turbo3Keys {
  const uint8_t *codes;    // magnitudes (dim / 4, GK_PAGE_TOKENS), signs (dim / 8, GK_PAGE_TOKENS)
  const uint16_t *scales;  // (GK_PAGE_TOKENS)
  int64_t dim;
};

struct Turbo4Values {
  const uint8_t *codes;  // (GK_PAGE_TOKENS, dim / 2)
  const float *scales;   // (GK_PAGE_TOKENS)
  int64_t dim;
  static constexpr int leastVectors = 2;
};

struct Turbo3Values {
  const uint8_t *codes;  // magnitudes (GK_PAGE_TOKENS, dim / 4), signs (GK_PAGE_TOKENS, dim / 8)
  const float *scales;   // (GK_PAGE_TOKENS)
  int64_t dim;
  static constexpr int leastVectors = 1;
};

// What a code is times its scale, exactly: a level has at most 7 bits.
template <int32_t Type>
struct TurboLevels {
  float of[16] = {};
  constexpr TurboLevels() {
    for (int m = 0; m < turbo::magnitudes(Type); ++m) {
      of[m] = static_cast<float>(turbo::level(Type, m)) / turbo::levelsToOne;
      of[turbo::magnitudes(Type) + m] = -of[m];
    }
  }
};
template <int32_t Type>
static constexpr TurboLevels<Type> turboLevels;

// Only the low 4 bits of a code are looked at.
static inline F32x16 turbo4Level(I32x16 codes) { return lookup(turboLevels<GK_TURBO4>.of, codes); }
// The lowest 2 bits are a magnitude, the lowest a sign.
static inline F32x16 turbo3Level(I32x16 magnitudes, I32x16 signs) {
  return lookup(turboLevels<GK_TURBO3>.of, (magnitudes & splat(int32_t{3})) | shiftLeft<2>(signs & splat(int32_t{1})));
}

static inline F32x16 lowCodes(I32x16 pairs) { return toFloat((pairs & splat(int32_t{15})) - splat(int32_t{8})); }
static inline F32x16 highCodes(I32x16 pairs) { return toFloat(shiftRight<4>(pairs) - splat(int32_t{8})); }

// body(d, low, high) for element d, ascending, of the keys of the first and of the last 16 tokens.
template <class T, class Body>
static inline void eachKey(const Elements<T> &keys, Body body) {
  for (int64_t d = 0; d < keys.dim; ++d) {
    const T *const p = keys.data + d * GK_PAGE_TOKENS;
    body(d, widen(p), widen(p + 16));
  }
}

template <class Body>
static inline void eachKey(const Q8Keys &keys, Body body) {
  for (int64_t block = 0; block < keys.dim; block += cacheBlock) {
    const uint16_t *const scales = keys.scales + block / cacheBlock * GK_PAGE_TOKENS;
    const F32x16 low = loadF16(scales), high = loadF16(scales + 16);
    for (int64_t d = block; d < block + cacheBlock; ++d) {
      const uint8_t *const p = keys.codes + d * GK_PAGE_TOKENS;
      body(d, toFloat(loadI8(p)) * low, toFloat(loadI8(p + 16)) * high);
    }
  }
}

template <class Body>
static inline void eachKey(const Q4Keys &keys, Body body) {
  for (int64_t block = 0; block < keys.dim; block += cacheBlock) {
    const uint16_t *const scales = keys.scales + block / cacheBlock * GK_PAGE_TOKENS;
    const F32x16 low = loadF16(scales), high = loadF16(scales + 16);
    for (int64_t d = block; d < block + cacheBlock; d += 2) {
      const uint8_t *const p = keys.codes + d / 2 * GK_PAGE_TOKENS;
      const I32x16 first = loadU8(p), last = loadU8(p + 16);
      body(d, lowCodes(first) * low, lowCodes(last) * high);
      body(d + 1, highCodes(first) * low, highCodes(last) * high);
    }
  }
}

template <class Body>
static inline void eachKey(const Turbo4Keys &keys, Body body) {
  const F32x16 low = loadF16(keys.scales), high = loadF16(keys.scales + 16);
  for (int64_t d = 0; d < keys.dim; d += 2) {
    const uint8_t *const p = keys.codes + d / 2 * GK_PAGE_TOKENS;
    const I32x16 first = loadU8(p), last = loadU8(p + 16);
    body(d, turbo4Level(first) * low, turbo4Level(last) * high);
    body(d + 1, turbo4Level(shiftRight<4>(first)) * low, turbo4Level(shiftRight<4>(last)) * high);
  }
}

template <class Body>
static inline void eachKey(const Turbo3Keys &keys, Body body) {
  const F32x16 low = loadF16(keys.scales), high = loadF16(keys.scales + 16);
  const uint8_t *const signs = keys.codes + keys.dim / 4 * GK_PAGE_TOKENS;
  for (int64_t block = 0; block < keys.dim; block += 8) {
    const uint8_t *const s = signs + block / 8 * GK_PAGE_TOKENS;
    I32x16 firstSigns = loadU8(s), lastSigns = loadU8(s + 16);
    for (int64_t four = block; four < block + 8; four += 4) {
      const uint8_t *const p = keys.codes + four / 4 * GK_PAGE_TOKENS;
      I32x16 first = loadU8(p), last = loadU8(p + 16);
      for (int64_t d = four; d < four + 4; ++d) {
        body(d, turbo3Level(first, firstSigns) * low, turbo3Level(last, lastSigns) * high);
        first = shiftRight<2>(first);
        last = shiftRight<2>(last);
        firstSigns = shiftRight<1>(firstSigns);
        lastSigns = shiftRight<1>(lastSigns);
      }
    }
  }
}

// x = elements d to d + 16 V of a token's value; V is a multiple of the reader's leastVectors.
template <int V, class T>
static inline void loadValues(const Elements<T> &values, int64_t token, int64_t d, F32x16 (&x)[V]) {
#pragma GCC unroll 8
  for (int v = 0; v < V; ++v) {
    x[v] = widen(values.data + token * values.dim + d + 16 * v);
  }
}

template <int V>
static inline void loadValues(const Q8Values &values, int64_t token, int64_t d, F32x16 (&x)[V]) {
  const int64_t at = token * values.dim + d;
#pragma GCC unroll 8
  for (int v = 0; v < V; ++v) {
    x[v] = toFloat(loadI8(values.codes + at + 16 * v)) * splat(values.scales[(at + 16 * v) / cacheBlock]);
  }
}

template <int V>
static inline void loadValues(const Q4Values &values, int64_t token, int64_t d, F32x16 (&x)[V]) {
  const int64_t block = (token * values.dim + d) / cacheBlock;
#pragma GCC unroll 8
  for (int v = 0; v < V; v += 2) {
    const I32x16 pairs = loadU8(values.codes + (block + v / 2) * (cacheBlock / 2));
    const F32x16 scale = splat(values.scales[block + v / 2]);
    x[v] = lowCodes(pairs) * scale;
    x[v + 1] = highCodes(pairs) * scale;
  }
}

template <int V>
static inline void loadValues(const Turbo4Values &values, int64_t token, int64_t d, F32x16 (&x)[V]) {
  const F32x16 scale = splat(values.scales[token]);
#pragma GCC unroll 8
  for (int v = 0; v < V; v += 2) {
    const I32x16 pairs = loadU8(values.codes + (token * values.dim + d + 16 * v) / 2);
    x[v] = turbo4Level(pairs) * scale;
    x[v + 1] = turbo4Level(shiftRight<4>(pairs)) * scale;
  }
}

static const int32_t places[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

template <int V>
static inline void loadValues(const Turbo3Values &values, int64_t token, int64_t d, F32x16 (&x)[V]) {
  const uint8_t *const signs = values.codes + GK_PAGE_TOKENS * values.dim / 4;
  const F32x16 scale = splat(values.scales[token]);
  const I32x16 place = load(places);
#pragma GCC unroll 8
  for (int v = 0; v < V; ++v) {
    const int64_t at = token * values.dim + d + 16 * v;
    int32_t word;
    uint16_t half;
    __builtin_memcpy(&word, values.codes + at / 4, sizeof word);
    __builtin_memcpy(&half, signs + at / 8, sizeof half);
    x[v] = turbo3Level(shiftRightEach(splat(word), place + place), shiftRightEach(splat(int32_t{half}), place)) * scale;
  }
}

template <class T>
static inline Elements<T> elements(const Plane &plane) {
  return {reinterpret_cast<const T *>(plane.data), plane.dim};
}

static inline const uint16_t *scalesOf(const Plane &plane) {
  return reinterpret_cast<const uint16_t *>(plane.data + cacheCodeBytes(plane.dtype, plane.dim));
}

template <class Body>
static inline void withKeys(const Plane &keys, Body body) {
  switch (keys.dtype) {
    case GK_F32:
      return body(elements<float>(keys));
    case GK_F16:
      return body(elements<F16>(keys));
    case GK_BF16:
      return body(elements<Bf16>(keys));
    case GK_F8:
      return body(elements<F8>(keys));
    case GK_Q8_0:
      return body(Q8Keys{keys.data, scalesOf(keys), keys.dim});
    case GK_TURBO4:
      return body(Turbo4Keys{keys.data, scalesOf(keys), keys.dim});
    case GK_TURBO3:
      return body(Turbo3Keys{keys.data, scalesOf(keys), keys.dim});
    default:
      return body(Q4Keys{keys.data, scalesOf(keys), keys.dim});
  }
}

// Room for a plane's scales as float32: (GK_PAGE_TOKENS, scales of a head).
using Scales = float[GK_PAGE_TOKENS * cacheMaxDim / cacheBlock];

static inline void widenScales(const Plane &values, Scales &to) {
  for (int64_t i = 0; i < GK_PAGE_TOKENS * cacheScales(values.dtype, values.dim); i += 16) {
    store(to + i, loadF16(scalesOf(values) + i));
  }
}

template <class Body>
static inline void withValues(const Plane &values, Body body) {
  switch (values.dtype) {
    case GK_F32:
      return body(elements<float>(values));
    case GK_F16:
      return body(elements<F16>(values));
    case GK_BF16:
      return body(elements<Bf16>(values));
    case GK_F8:
      return body(elements<F8>(values));
    default:
      break;
  }
  Scales scales;
  widenScales(values, scales);
  switch (values.dtype) {
    case GK_Q8_0:
      return body(Q8Values{values.data, scales, values.dim});
    case GK_TURBO4:
      return body(Turbo4Values{values.data, scales, values.dim});
    case GK_TURBO3:
      return body(Turbo3Values{values.data, scales, values.dim});
    default:
      return body(Q4Values{values.data, scales, values.dim});
  }
}

// The same keys as float32, in `room` (dim, GK_PAGE_TOKENS) where they are not.
static inline Plane widenKeys(const Plane &keys, float *room) {
  if (keys.dtype == GK_F32) {
    return keys;
  }
  withKeys(keys, [room](const auto &reader) {
    eachKey(reader, [room](int64_t d, F32x16 low, F32x16 high) {
      store(room + d * GK_PAGE_TOKENS, low);
      store(room + d * GK_PAGE_TOKENS + 16, high);
    });
  });
  return {GK_F32, reinterpret_cast<const uint8_t *>(room), keys.dim};
}

// The same values of the first `count` tokens as float32, in `room` (count, dim) where they are not.
static inline Plane widenValues(const Plane &values, int64_t count, float *room) {
  if (values.dtype == GK_F32) {
    return values;
  }
  withValues(values, [room, count](const auto &reader) {
    constexpr int vectors = std::remove_cvref_t<decltype(reader)>::leastVectors;
    for (int64_t token = 0; token < count; ++token) {
      for (int64_t d = 0; d < reader.dim; d += 16 * vectors) {
        F32x16 x[vectors];
        loadValues(reader, token, d, x);
        for (int v = 0; v < vectors; ++v) {
          store(room + token * reader.dim + d + 16 * v, x[v]);
        }
      }
    }
  });
  return {GK_F32, reinterpret_cast<const uint8_t *>(room), values.dim};
}

}  // namespace gatun::cpu::GK_ISA
