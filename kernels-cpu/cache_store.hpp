// cache_store.hpp: rounds a head's key or value to the cache's type and stores it at one slot of a page.
//
// The formulas are kernels.h's (gk_rope_store). A key's elements lie GK_PAGE_TOKENS apart, a value's side by side.
#pragma once

#include "cache_page.hpp"
#include "simd.hpp"

namespace gatun::cpu::GK_ISA {

static inline void roundTo(uint16_t *to, const float *from, int64_t dim, bool bf16) {
  for (int64_t i = 0; i < dim; i += 16) {
    if (bf16) {
      storeBf16(to + i, load(from + i));
    } else {
      storeF16(to + i, load(from + i));
    }
  }
}

// float8 e4m3fn: 4 bits of exponent, bias 7; 0x7f is not a number, and there is no infinity.
static inline I32x16 toF8(F32x16 x) {
  const I32x16 bits = asInt(x), magnitude = bits & splat(int32_t{0x7fffffff});
  const F32x16 a = min(asFloat(magnitude), splat(448.0f));
  const I32x16 odd = shiftRight<20>(asInt(a)) & splat(int32_t{1});
  const I32x16 normal = shiftRight<20>(asInt(a) + splat(int32_t{0x7ffff}) + odd) - splat(int32_t{(127 - 7) << 3});
  const I32x16 subnormal = toInt(min(a, splat(0x1p-6f)) * splat(0x1p9f));  // multiples of 2^-9
  const I32x16 least = splat(int32_t{0x3c7fffff});                         // just below 2^-6, the least normal
  I32x16 code = selectGreater(asInt(a), least, normal, subnormal);
  code = selectGreater(magnitude, splat(int32_t{0x7f800000}), splat(int32_t{0x7f}), code);
  return code - shiftLeft<7>(shiftRight<31>(bits));  // as a signed byte: storeI8 saturates
}

static inline void roundTo(int8_t *to, const float *from, int64_t dim) {
  for (int64_t i = 0; i < dim; i += 16) {
    storeI8(to + i, toF8(load(from + i)));
  }
}

// codes = round(x / divisor) within [least, most] of a block of 32.
static inline void divide(int8_t *codes, const float *x, float divisor, float least, float most) {
  for (int64_t i = 0; i < cacheBlock; i += 16) {
    storeI8(codes + i, toInt(max(min(load(x + i) / splat(divisor), splat(most)), splat(least))));
  }
}

static inline float greatest(const float *x) { return maxOf(max(abs(load(x)), abs(load(x + 16)))); }

// The first element whose magnitude is the greatest of the block.
static inline float extreme(const float *x) {
  const float most = greatest(x);
  for (int64_t i = 0; i < cacheBlock; ++i) {
    if (x[i] == most || x[i] == -most) {
      return x[i];
    }
  }
  return most;  // of numbers, never
}

// Codes (dim) and float16 scales of a head: of GK_Q8_0 and GK_Q4_0 the numbers that the scale multiplies, of GK_TURBO4
// and GK_TURBO3 sign and magnitude.
struct QuantizedHead {
  int8_t codes[cacheMaxDim];
  uint16_t scales[cacheMaxScales];
};

// The magnitude is counted up, border by border; what is not a number passes none.
template <int32_t Type>
static inline void quantizeTurbo(QuantizedHead &to, const float *from, int64_t dim) {
  constexpr int magnitudes = turbo::magnitudes(Type);
  F32x16 squares = zero();
  for (int64_t i = 0; i < dim; i += 16) {
    const F32x16 x = load(from + i);
    squares = fma(x, x, squares);
  }
  const float step = __builtin_sqrtf(sum(squares) / static_cast<float>(dim)) * turbo::unit(Type);
  F32x16 products = zero(), levels = zero();
  for (int64_t i = 0; i < dim; i += 16) {
    const F32x16 x = load(from + i), a = abs(x);
    F32x16 level = splat(static_cast<float>(turbo::level(Type, 0)));
    I32x16 magnitude = splat(int32_t{0});
#pragma GCC unroll 8
    for (int m = 1; m < magnitudes; ++m) {
      const F32x16 border = splat(step * turbo::border(Type, m - 1));
      level = selectLess(border, a, splat(static_cast<float>(turbo::level(Type, m))), level);
      magnitude = asInt(selectLess(border, a, asFloat(splat(int32_t{m})), asFloat(magnitude)));
    }
    products = fma(a, level, products);
    levels = fma(level, level, levels);
    const I32x16 sign = shiftRight<31>(asInt(x));
    storeI8(to.codes + i, magnitude | shiftLeft<turbo::bits(Type) - 1>(sign));
  }
  const float scale = turbo::levelsToOne * sum(products) / sum(levels);
  storeF16(to.scales, splat(scale));
}

static inline void quantizeHead(QuantizedHead &to, const float *from, int64_t dim, int32_t dtype) {
  if (dtype == GK_TURBO4) {
    return quantizeTurbo<GK_TURBO4>(to, from, dim);
  }
  if (dtype == GK_TURBO3) {
    return quantizeTurbo<GK_TURBO3>(to, from, dim);
  }
  float scales[cacheMaxScales] = {};
  for (int64_t b = 0; b < dim / cacheBlock; ++b) {
    const float *const x = from + b * cacheBlock;
    int8_t *const codes = to.codes + b * cacheBlock;
    scales[b] = dtype == GK_Q8_0 ? greatest(x) / 127.0f : extreme(x) / -8.0f;
    if (scales[b] == 0) {
      __builtin_memset(codes, 0, cacheBlock);
    } else if (dtype == GK_Q8_0) {
      // A subnormal scale is rounded so coarsely that the quotient may leave the range.
      divide(codes, x, scales[b], -127, 127);
    } else {
      divide(codes, x, scales[b], -8, 7);
    }
  }
  for (int64_t i = 0; i < cacheMaxScales; i += 16) {
    storeF16(to.scales + i, load(scales + i));
  }
}

// Two codes of GK_Q4_0 or GK_TURBO4.
static inline uint8_t pair(int32_t dtype, int low, int high) {
  const int bias = dtype == GK_Q4_0 ? 8 : 0;
  return static_cast<uint8_t>((low + bias) | (high + bias) << 4);
}

// Bits `from` to `from` + bits of `count` codes, `count` * bits = 8.
static inline uint8_t gather(const int8_t *codes, int count, int from, int bits) {
  int byte = 0;
  for (int i = 0; i < count; ++i) {
    byte |= (codes[i] >> from & ((1 << bits) - 1)) << (i * bits);
  }
  return static_cast<uint8_t>(byte);
}

template <class T>
static inline void scatter(T *to, const T *from, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    to[i * GK_PAGE_TOKENS] = from[i];
  }
}

// Stores a key at `slot` of the head's keys in a page.
static inline void storeKey(int32_t dtype, uint8_t *keys, int64_t slot, const float *head, int64_t dim) {
  uint8_t *const bytes = keys + slot;
  uint16_t *const scales = reinterpret_cast<uint16_t *>(keys + cacheCodeBytes(dtype, dim)) + slot;
  uint16_t halves[cacheMaxDim];
  QuantizedHead quantized;
  switch (dtype) {
    case GK_F32:
      scatter(reinterpret_cast<float *>(keys) + slot, head, dim);
      return;
    case GK_F16:
    case GK_BF16:
      roundTo(halves, head, dim, dtype == GK_BF16);
      scatter(reinterpret_cast<uint16_t *>(keys) + slot, halves, dim);
      return;
    case GK_F8:
      roundTo(quantized.codes, head, dim);
      scatter(reinterpret_cast<int8_t *>(bytes), quantized.codes, dim);
      return;
    case GK_Q8_0:
      quantizeHead(quantized, head, dim, dtype);
      scatter(reinterpret_cast<int8_t *>(bytes), quantized.codes, dim);
      break;
    case GK_TURBO3: {
      quantizeHead(quantized, head, dim, dtype);
      uint8_t *const signs = bytes + dim / 4 * GK_PAGE_TOKENS;
      for (int64_t i = 0; i < dim / 4; ++i) {
        bytes[i * GK_PAGE_TOKENS] = gather(quantized.codes + 4 * i, 4, 0, 2);
      }
      for (int64_t i = 0; i < dim / 8; ++i) {
        signs[i * GK_PAGE_TOKENS] = gather(quantized.codes + 8 * i, 8, 2, 1);
      }
      break;
    }
    default:
      quantizeHead(quantized, head, dim, dtype);
      for (int64_t i = 0; i < dim / 2; ++i) {
        bytes[i * GK_PAGE_TOKENS] = pair(dtype, quantized.codes[2 * i], quantized.codes[2 * i + 1]);
      }
  }
  scatter(scales, quantized.scales, cacheScales(dtype, dim));
}

// Stores a value at `slot` of the head's values in a page.
static inline void storeValue(int32_t dtype, uint8_t *values, int64_t slot, const float *head, int64_t dim) {
  const int64_t codeBytes = cacheCodeBytes(dtype, dim);
  uint8_t *const bytes = values + slot * (dtype == GK_TURBO3 ? dim / 4 : codeBytes / GK_PAGE_TOKENS);
  QuantizedHead quantized;
  switch (dtype) {
    case GK_F32:
      __builtin_memcpy(bytes, head, static_cast<size_t>(dim) * sizeof(float));
      return;
    case GK_F16:
    case GK_BF16:
      roundTo(reinterpret_cast<uint16_t *>(bytes), head, dim, dtype == GK_BF16);
      return;
    case GK_F8:
      roundTo(reinterpret_cast<int8_t *>(bytes), head, dim);
      return;
    case GK_Q8_0:
      quantizeHead(quantized, head, dim, dtype);
      __builtin_memcpy(bytes, quantized.codes, static_cast<size_t>(dim));
      break;
    case GK_TURBO3: {
      quantizeHead(quantized, head, dim, dtype);
      uint8_t *const signs = values + dim / 4 * GK_PAGE_TOKENS + slot * (dim / 8);
      for (int64_t i = 0; i < dim / 4; ++i) {
        bytes[i] = gather(quantized.codes + 4 * i, 4, 0, 2);
      }
      for (int64_t i = 0; i < dim / 8; ++i) {
        signs[i] = gather(quantized.codes + 8 * i, 8, 2, 1);
      }
      break;
    }
    default:
      quantizeHead(quantized, head, dim, dtype);
      for (int64_t i = 0; i < dim / 2; ++i) {
        const int8_t *const code = quantized.codes + i / 16 * cacheBlock + i % 16;
        bytes[i] = pair(dtype, code[0], code[16]);
      }
  }
  const int64_t scales = cacheScales(dtype, dim);
  __builtin_memcpy(values + codeBytes + slot * scales * 2, quantized.scales, static_cast<size_t>(scales) * 2);
}

}  // namespace gatun::cpu::GK_ISA
