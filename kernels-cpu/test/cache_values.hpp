// cache_values.hpp: what a cache must hold, by kernels.h's formulas one number at a time, and what a page of the CPU
// back end does hold, by cache_page.hpp's layout.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "../cache_page.hpp"
#include "../half.hpp"
#include "gatun/kernels.h"

namespace gatun::test {

struct CacheType {
  int32_t dtype;
  const char *name;
};

constexpr CacheType cacheTypes[] = {{GK_F32, "F32"},   {GK_F16, "F16"},   {GK_BF16, "BF16"},     {GK_F8, "F8"},
                                    {GK_Q8_0, "Q8_0"}, {GK_Q4_0, "Q4_0"}, {GK_TURBO4, "TURBO4"}, {GK_TURBO3, "TURBO3"}};

inline const char *cacheTypeName(int32_t dtype) {
  return std::find_if(std::begin(cacheTypes), std::end(cacheTypes), [&](CacheType t) { return t.dtype == dtype; })
      ->name;
}

inline float bf16ToF32(uint16_t bits) { return cpu::floatOf(static_cast<uint32_t>(bits) << 16); }

inline float f8ToF32(uint8_t bits) {
  const int exponent = bits >> 3 & 15, mantissa = bits & 7;
  const float magnitude = (bits & 0x7f) == 0x7f ? NAN
                          : exponent == 0       ? std::ldexp(static_cast<float>(mantissa), -9)
                                                : std::ldexp(static_cast<float>(8 + mantissa), exponent - 10);
  return bits >= 0x80 ? -magnitude : magnitude;
}

// The nearest number of float8, of two the one with an even code; NaN stays so.
inline float roundF8(float x) {
  if (std::isnan(x)) {
    return x;
  }
  const double a = std::fabs(static_cast<double>(x));
  int best = 0;
  for (int code = 1; code < 0x7f; ++code) {
    const double d = std::fabs(a - static_cast<double>(f8ToF32(static_cast<uint8_t>(code))));
    const double least = std::fabs(a - static_cast<double>(f8ToF32(static_cast<uint8_t>(best))));
    best = d < least || (d == least && code % 2 == 0) ? code : best;
  }
  return std::copysign(f8ToF32(static_cast<uint8_t>(best)), x);
}

inline float roundBf16(float x) {
  const uint32_t bits = cpu::wordOf(x);
  return bf16ToF32(static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16));
}

inline void roundBlock(int32_t dtype, float *x) {
  const float *const most = std::max_element(x, x + 32, [](float a, float b) { return std::fabs(a) < std::fabs(b); });
  const float scale = dtype == GK_Q8_0 ? std::fabs(*most) / 127.0f : *most / -8.0f;
  const float stored = cpu::f16ToF32(cpu::f32ToF16(scale));
  const float low = dtype == GK_Q8_0 ? -127.0f : -8.0f, high = dtype == GK_Q8_0 ? 127.0f : 7.0f;
  for (int i = 0; i < 32; ++i) {
    x[i] = stored * (scale == 0 ? 0.0f : std::clamp(std::nearbyint(x[i] / scale), low, high));
  }
}

// The sum of 16 lanes, by element mod 16, as kernels.h adds them.
inline float laneSum(const std::vector<float> &a, const std::vector<float> &b) {
  float lanes[16] = {};
  for (size_t i = 0; i < a.size(); ++i) {
    lanes[i % 16] = std::fma(a[i], b[i], lanes[i % 16]);
  }
  for (size_t n = 8; n > 0; n /= 2) {
    for (size_t i = 0; i < n; ++i) {
      lanes[i] += lanes[i + n];
    }
  }
  return lanes[0];
}

inline const std::vector<float> &turboMagnitudes(int32_t dtype) {
  static const std::vector<float> four = {5, 15, 25, 36, 48, 62, 79, 104}, three = {10, 31, 55, 88};
  return dtype == GK_TURBO4 ? four : three;
}

inline std::vector<float> roundTurbo(int32_t dtype, const std::vector<float> &head) {
  const std::vector<float> &c = turboMagnitudes(dtype);
  const float rms = std::sqrt(laneSum(head, head) / static_cast<float>(head.size()));
  const float step = rms * (dtype == GK_TURBO4 ? 0.026222f : 0.024447f);
  std::vector<float> sizes, levels;
  for (const float x : head) {
    size_t i = 0;
    while (i + 1 < c.size() && std::fabs(x) > step * ((c[i] + c[i + 1]) / 2)) {
      ++i;
    }
    sizes.push_back(std::fabs(x));
    levels.push_back(c[i]);
  }
  const float scale = cpu::f16ToF32(cpu::f32ToF16(32 * laneSum(sizes, levels) / laneSum(levels, levels)));
  for (size_t i = 0; i < head.size(); ++i) {
    levels[i] = std::copysign(levels[i] * scale / 32, head[i]);
  }
  return levels;
}

// A head as the cache gives it back.
inline std::vector<float> roundHead(int32_t dtype, std::vector<float> head) {
  if (dtype == GK_TURBO4 || dtype == GK_TURBO3) {
    return roundTurbo(dtype, head);
  }
  for (size_t i = 0; i < head.size(); i += cpu::cacheHasScales(dtype) ? 32 : 1) {
    float &x = head[i];
    switch (dtype) {
      case GK_F16:
        x = cpu::f16ToF32(cpu::f32ToF16(x));
        break;
      case GK_BF16:
        x = roundBf16(x);
        break;
      case GK_F8:
        x = roundF8(x);
        break;
      case GK_Q8_0:
      case GK_Q4_0:
        roundBlock(dtype, &x);
        break;
      default:
        break;
    }
  }
  return head;
}

// The length of the runs that the Walsh-Hadamard matrix multiplies: the greatest power of two that divides the head's.
inline size_t hadamardRun(size_t dim) { return dim & (~dim + 1); }

// That matrix of entries 1 and -1 times each run; the sign of entry (i, j) is the parity of the bits they share.
inline std::vector<double> hadamardSums(const std::vector<double> &head) {
  const size_t run = hadamardRun(head.size());
  std::vector<double> y(head.size());
  for (size_t i = 0; i < head.size(); ++i) {
    for (size_t j = 0; j < run; ++j) {
      const double x = head[i / run * run + j];
      y[i] += __builtin_parityll(i % run & j) != 0 ? -x : x;
    }
  }
  return y;
}

// The same by the orthonormal matrix.
inline std::vector<double> hadamard(const std::vector<double> &head) {
  std::vector<double> y = hadamardSums(head);
  for (double &x : y) {
    x /= std::sqrt(static_cast<double>(hadamardRun(head.size())));
  }
  return y;
}

inline float storedElement(int32_t dtype, const uint8_t *plane, int64_t index) {
  const auto *const halves = reinterpret_cast<const uint16_t *>(plane);
  switch (dtype) {
    case GK_F32:
      return reinterpret_cast<const float *>(plane)[index];
    case GK_F16:
      return cpu::f16ToF32(halves[index]);
    case GK_BF16:
      return bf16ToF32(halves[index]);
    case GK_F8:
      return f8ToF32(plane[index]);
    default:  // the code of GK_Q8_0
      return static_cast<float>(reinterpret_cast<const int8_t *>(plane)[index]);
  }
}

inline float nibble(uint8_t pair, bool high) { return static_cast<float>((high ? pair >> 4 : pair & 15) - 8); }

// A code of GK_TURBO4 or GK_TURBO3: the magnitude and, above it, the sign.
inline float turboLevel(int32_t dtype, int magnitude, bool negative) {
  const float level = turboMagnitudes(dtype)[static_cast<size_t>(magnitude)] / 32;
  return negative ? -level : level;
}

inline float scaleAt(int32_t dtype, const uint8_t *plane, int64_t dim, int64_t index) {
  return cpu::f16ToF32(reinterpret_cast<const uint16_t *>(plane + cpu::cacheCodeBytes(dtype, dim))[index]);
}

// Element d of what lies at a slot, by its type, but for the scale.
inline float keyCode(int32_t type, const uint8_t *plane, int64_t dim, int64_t d, int64_t slot) {
  const auto nibble = [&] { return plane[d / 2 * GK_PAGE_TOKENS + slot] >> (d % 2 * 4) & 15; };
  switch (type) {
    case GK_Q4_0:
      return static_cast<float>(nibble() - 8);
    case GK_TURBO4:
      return turboLevel(type, nibble() & 7, nibble() >= 8);
    case GK_TURBO3:
      return turboLevel(type, plane[d / 4 * GK_PAGE_TOKENS + slot] >> (d % 4 * 2) & 3,
                        (plane[(dim / 4 + d / 8) * GK_PAGE_TOKENS + slot] >> (d % 8) & 1) != 0);
    default:
      return storedElement(type, plane, d * GK_PAGE_TOKENS + slot);
  }
}

inline float valueCode(int32_t type, const uint8_t *plane, int64_t dim, int64_t d, int64_t slot) {
  const int64_t index = slot * dim + d;
  const auto nibble = [&] { return plane[index / 32 * 16 + d % 16] >> (d % 32 / 16 * 4) & 15; };
  switch (type) {
    case GK_Q4_0:
      return static_cast<float>(nibble() - 8);
    case GK_TURBO4:
      return turboLevel(type, nibble() & 7, nibble() >= 8);
    case GK_TURBO3:
      return turboLevel(type, plane[index / 4] >> (d % 4 * 2) & 3,
                        (plane[GK_PAGE_TOKENS * dim / 4 + index / 8] >> (d % 8) & 1) != 0);
    default:
      return storedElement(type, plane, index);
  }
}

// The key at a slot of a page.
inline std::vector<float> storedKey(const gk_cache &cache, int32_t page, int64_t head, int64_t slot) {
  const int32_t type = cache.key_dtype;
  const int64_t dim = cache.head_dim, scales = cpu::cacheScales(type, dim);
  const uint8_t *const plane = cpu::cacheKeys(cache, page, head);
  std::vector<float> key;
  for (int64_t d = 0; d < dim; ++d) {
    const float code = keyCode(type, plane, dim, d, slot);
    key.push_back(scales == 0 ? code : code * scaleAt(type, plane, dim, d * scales / dim * GK_PAGE_TOKENS + slot));
  }
  return key;
}

// The value at a slot of a page.
inline std::vector<float> storedValue(const gk_cache &cache, int32_t page, int64_t head, int64_t slot) {
  const int32_t type = cache.value_dtype;
  const int64_t dim = cache.head_dim, scales = cpu::cacheScales(type, dim);
  const uint8_t *const plane = cpu::cacheValues(cache, page, head);
  std::vector<float> value;
  for (int64_t d = 0; d < dim; ++d) {
    const float code = valueCode(type, plane, dim, d, slot);
    value.push_back(scales == 0 ? code : code * scaleAt(type, plane, dim, slot * scales + d * scales / dim));
  }
  return value;
}

}  // namespace gatun::test
