// attention_tile.hpp: attention of 16 rows of queries, one warp, to a page in shared memory, on tensor cores.
//
// Scores: a query is split into two terms of 16 bits, high and low, which together have 22 bits (16 with GK_BF16 keys,
// for bfloat16 has 8), and multiplies keys exactly: GK_F16, GK_F8 and the codes of GK_Q8_0 and GK_Q4_0 in float16,
// GK_BF16 in bfloat16; a block's scale multiplies its fp32 sum. So a score is off by no more than fp32 sums of
// head_dim terms are, plus 2^-22 (2^-16) of the terms' magnitudes. Levels of GK_TURBO4 and GK_TURBO3 are exact in
// float16 too, and a head's scale multiplies the whole sum.
// Values: probabilities, in units of 2^-headroom, are rounded once to float16: each weight is off by at most 2^-11 of
// itself, since those a float16 cannot hold are below 2^-29 of the greatest. GK_F16 and GK_F8 are exact; the product
// of a code and its scale, of types that have scales, is rounded once to float16, another 2^-11. With GK_BF16
// probabilities have two terms of bfloat16: 2^-16, and the values are exact. So with p the weights, which sum to 1,
//   |y - exact| <= (2^-11 or 2^-10 or 2^-16) * sum of p |v| + what the scores' error moves p by.
#pragma once

#include "attention/attention_query.hpp"
#include "attention/attention_turbo.hpp"

namespace gatun::cuda {

constexpr float headroom = 15;  // the greatest probability is 2^headroom: float16's least do not vanish

// ---- codes to pairs of float16 ----

__device__ __forceinline__ constexpr uint32_t pairOf(uint32_t half) { return half << 16 | half; }

// Four signed bytes.
__device__ __forceinline__ void widenInt8(uint32_t word, uint32_t &first, uint32_t &second) {
  const uint32_t biased = word ^ 0x80808080u;                                  // a byte b under 0x64 is 1024 + b
  first = addF16x2(bytePermute(biased, 0x64646464u, 0x4140), pairOf(0xe480));  // -1152
  second = addF16x2(bytePermute(biased, 0x64646464u, 0x4342), pairOf(0xe480));
}

// Four bytes of GK_F8, over 256: the same fields, less exponent bias. Not a number reads as 480.
__device__ __forceinline__ void widenF8(uint32_t word, uint32_t &first, uint32_t &second) {
  const auto move = [](uint32_t pair) { return (pair & 0x80008000u) | (pair >> 1 & 0x3f803f80u); };
  first = move(bytePermute(word, 0, 0x1404));
  second = move(bytePermute(word, 0, 0x3424));
}

template <int Type>
__device__ __forceinline__ void widenBytes(uint32_t word, uint32_t &first, uint32_t &second) {
  Type == GK_F8 ? widenF8(word, first, second) : widenInt8(word, first, second);
}

// Of a word of nibbles those at bits 0 and 16, less 8.
__device__ __forceinline__ uint32_t widenNibbles(uint32_t word) {
  return addF16x2((word & 0x000f000fu) | 0x64006400u, pairOf(0xe408));  // -1032
}

// ---- scores ----

// Lane's elements of a run of keys (cache_page.hpp), B fragments of two steps, or of one where Length is 4.
template <int Type, int Length>
__device__ __forceinline__ void loadKeys(uint32_t (&k)[4], const unsigned char *run) {
  if constexpr (Type == GK_F16 || Type == GK_BF16) {
    if constexpr (Length == 8) {
      const uint4 w = *reinterpret_cast<const uint4 *>(run);
      k[0] = w.x, k[1] = w.y, k[2] = w.z, k[3] = w.w;
    } else {
      const uint2 w = *reinterpret_cast<const uint2 *>(run);
      k[0] = w.x, k[1] = w.y;
    }
  } else if constexpr (Type == GK_Q4_0) {
    const uint32_t w = *reinterpret_cast<const uint32_t *>(run);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      k[i] = widenNibbles(w >> (4 * i));
    }
  } else {
    if constexpr (Length == 8) {
      const uint2 w = *reinterpret_cast<const uint2 *>(run);
      widenBytes<Type>(w.x, k[0], k[1]);
      widenBytes<Type>(w.y, k[2], k[3]);
    } else {
      widenBytes<Type>(*reinterpret_cast<const uint32_t *>(run), k[0], k[1]);
    }
  }
}

template <int Type, int Steps, bool InShared>
__device__ __forceinline__ void addStep(float (&high)[4], float (&low)[4], const Query<Steps, InShared> &query,
                                        int step, uint32_t k0, uint32_t k1) {
  uint32_t qHigh[4], qLow[4];
  query.get(step, qHigh, qLow);
  const uint32_t k[2] = {k0, k1};
  if constexpr (Type == GK_BF16) {
    mmaBf16(high, qHigh, k);
    mmaBf16(low, qLow, k);
  } else {
    mmaF16(high, qHigh, k);
    mmaF16(low, qLow, k);
  }
}

// s = the rows' scores, but for their scale, of tile j's 8 keys. head: the head's part of a page.
template <int Type, int Steps, bool InShared>
__device__ __forceinline__ void scoreTile(float (&s)[4], const Query<Steps, InShared> &query, const CachePages &cache,
                                          const unsigned char *head, int j) {
  const int steps = stepsOf<Steps>(cache.headDim), lane = laneId();
  const unsigned char *const keys = head + j * codeBytes(Type, 8 * 16) * steps;
  float high[4] = {0, 0, 0, 0}, low[4] = {0, 0, 0, 0};
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    s[i] = 0;
  }
#pragma unroll
  for (int block = 0; block < (Steps + 1) / 2; ++block) {
    const unsigned char *const run = keys + codeBytes(Type, 256) * block;
    uint32_t k[4];
    if (2 * block + 1 < steps) {
      if constexpr (turbo::is(Type)) {
        loadTurboKeys<Type>(k, head, j * 128 * steps + 256 * block + 8 * lane, cache.headDim);
      } else {
        loadKeys<Type, 8>(k, run + codeBytes(Type, 8) * lane);
      }
      addStep<Type>(high, low, query, 2 * block, k[0], k[1]);
      addStep<Type>(high, low, query, 2 * block + 1, k[2], k[3]);
    } else if (2 * block < steps) {
      loadKeys<Type, 4>(k, run + codeBytes(Type, 4) * lane);
      addStep<Type>(high, low, query, 2 * block, k[0], k[1]);
    }
    if constexpr (hasScales(Type) && !turbo::is(Type)) {
      if (2 * block < steps) {
        const auto *const scales = reinterpret_cast<const uint32_t *>(head + cache.keyScales);
        const uint32_t pair = scales[(j * (steps / 2) + block) * 4 + lane % 4];
        const float scale[2] = {fromF16(static_cast<uint16_t>(pair)), fromF16(static_cast<uint16_t>(pair >> 16))};
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          s[i] = fmaf(high[i] + low[i], scale[i % 2], s[i]);
          high[i] = low[i] = 0;
        }
      }
    }
  }
  if constexpr (turbo::is(Type)) {
    const uint32_t pair = reinterpret_cast<const uint32_t *>(head + cache.keyScales)[j * 4 + lane % 4];
    const float scale[2] = {fromF16(static_cast<uint16_t>(pair)), fromF16(static_cast<uint16_t>(pair >> 16))};
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      s[i] = (high[i] + low[i]) * scale[i % 2];
    }
  } else if constexpr (!hasScales(Type)) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      s[i] = high[i] + low[i];
    }
  }
}

// ---- softmax ----

// s[j][2 i + c] becomes the probability, but for a common factor, of slot 8 t + 2 j + c in row i of this lane's two,
// and shrink[i] what the sums before are to be multiplied by. start: position of slot 0; whole: no row ends in the
// page.
// Of states, reference is the greatest score less headroom, and total this lane's own part of the sum.
__device__ __forceinline__ void softmaxPage(float (&s)[4][4], const float (&scoreScale)[2], const int (&position)[2],
                                            int start, bool whole, SoftmaxState (&states)[2], float (&shrink)[2]) {
  const int slot = start + 8 * (laneId() % 4);
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    float top = minusInfinity;
#pragma unroll
    for (int j = 0; j < 4; ++j) {
#pragma unroll
      for (int c = 0; c < 2; ++c) {
        float &x = s[j][2 * i + c];
        x = whole || slot + 2 * j + c <= position[i] ? x * scoreScale[i] : minusInfinity;
        top = fmaxf(top, x);
      }
    }
    top = fmaxf(top, shuffleXor(top, 1));
    top = fmaxf(top, shuffleXor(top, 2));
    const float before = states[i].reference, reference = fmaxf(before, top - headroom);
    const float base = reference == minusInfinity ? 0.0f : reference;  // where all is masked: no inf - inf
    shrink[i] = exp2f(before - base);
    float sum = 0;
#pragma unroll
    for (int j = 0; j < 4; ++j) {
#pragma unroll
      for (int c = 0; c < 2; ++c) {
        float &x = s[j][2 * i + c];
        x = exp2f(x - base);
        sum += x;
      }
    }
    states[i].total = states[i].total * shrink[i] + sum;
    states[i].reference = reference;
  }
}

// The whole row's total in every lane that holds a part.
__device__ __forceinline__ float totalOfRow(float partial) {
  partial += shuffleXor(partial, 1);
  return partial + shuffleXor(partial, 2);
}

// ---- values ----

// A fragments of the two steps of 16 positions.
struct Probabilities {
  uint32_t a[2][4];
};

template <class Pack>
__device__ __forceinline__ Probabilities packProbabilities(const float (&p)[4][4], const Pack &pack) {
  Probabilities packed;
#pragma unroll
  for (int j = 0; j < 4; ++j) {
    packed.a[j / 2][j % 2 * 2] = pack(p[j][0], p[j][1]);
    packed.a[j / 2][j % 2 * 2 + 1] = pack(p[j][2], p[j][3]);
  }
  return packed;
}

// Probabilities as values of a type want them.
template <int Type>
struct Weights {
  Probabilities high;

  __device__ __forceinline__ explicit Weights(const float (&p)[4][4])
      : high(packProbabilities(p, [](float x, float y) { return toF16x2(x, y); })) {}
  // o += probabilities * the values of 8 elements: B fragments of both steps.
  __device__ __forceinline__ void add(float (&o)[4], const uint32_t (&v)[4]) const {
    const uint32_t first[2] = {v[0], v[1]}, second[2] = {v[2], v[3]};
    mmaF16(o, high.a[0], first);
    mmaF16(o, high.a[1], second);
  }
};

template <>
struct Weights<GK_BF16> {
  Probabilities high, low;

  __device__ __forceinline__ explicit Weights(const float (&p)[4][4])
      : high(packProbabilities(p, [](float x, float y) { return toBf16x2(x, y); })),
        low(packProbabilities(p, [](float x, float y) {
          uint32_t h, l;
          splitPair(x, y, true, h, l);
          return l;
        })) {}
  __device__ __forceinline__ void add(float (&o)[4], const uint32_t (&v)[4]) const {
    const uint32_t first[2] = {v[0], v[1]}, second[2] = {v[2], v[3]};
    mmaBf16(o, high.a[0], first);
    mmaBf16(o, high.a[1], second);
    mmaBf16(o, low.a[0], first);
    mmaBf16(o, low.a[1], second);
  }
};

// What the sums of values are to be multiplied by in the end.
__device__ __forceinline__ float valueUnit(int type) { return type == GK_F8 ? 256.0f : 1.0f; }

// o[4], 8 elements each, += probabilities * the values of slab `slab`'s 32 elements; of 16 where `half`, which types
// with scales never are.
template <int Type>
__device__ __forceinline__ void addSlab(float (*o)[4], const Weights<Type> &weights, const CachePages &cache,
                                        const unsigned char *head, int slab, bool half) {
  const auto *const codes = reinterpret_cast<const uint4 *>(head + cache.values + codeBytes(Type, 32 * 32) * slab);
  const int lane = laneId();
  if constexpr (Type == GK_F16 || Type == GK_BF16) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if (i < 2 || !half) {
        const uint4 w = codes[32 * i + lane];
        const uint32_t v[4] = {w.x, w.y, w.z, w.w};
        weights.add(o[i], v);
      }
    }
  } else {
    uint32_t scales[4] = {};
    if constexpr (hasScales(Type)) {
      const uint4 w =
          reinterpret_cast<const uint4 *>(head + cache.valueScales)[(turbo::is(Type) ? 0 : 4 * slab) + lane % 4];
      scales[0] = w.x, scales[1] = w.y, scales[2] = w.z, scales[3] = w.w;
    }
    const auto add = [&](float (&sums)[4], uint32_t (&v)[4]) {
      if constexpr (hasScales(Type)) {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          v[i] = mulF16x2(v[i], scales[i]);
        }
      }
      weights.add(sums, v);
    };
    uint32_t v[4];
    if constexpr (turbo::is(Type)) {
      TurboSlab stored;
      stored.template load<Type>(head + cache.values, slab, lane, cache.headDim);
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        uint32_t next[4];
        stored.template widen<Type>(i, v, next);
        add(o[2 * i], v);
        add(o[2 * i + 1], next);
      }
    } else if constexpr (Type == GK_Q4_0) {
      const uint4 w = codes[lane];
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const uint32_t first = (i < 2 ? w.x : w.z) >> (4 * (i % 2)), second = (i < 2 ? w.y : w.w) >> (4 * (i % 2));
        v[0] = widenNibbles(first), v[1] = widenNibbles(first >> 8);
        v[2] = widenNibbles(second), v[3] = widenNibbles(second >> 8);
        add(o[i], v);
      }
    } else {
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        if (i == 0 || !half) {
          const uint4 w = codes[32 * i + lane];
          widenBytes<Type>(w.x, v[0], v[1]);
          widenBytes<Type>(w.y, v[2], v[3]);
          add(o[2 * i], v);
          widenBytes<Type>(w.z, v[0], v[1]);
          widenBytes<Type>(w.w, v[2], v[3]);
          add(o[2 * i + 1], v);
        }
      }
    }
  }
}

// body(type) with the cache's type as a constant; GK_F32 goes another way.
template <int Type>
struct TypeConstant {
  static constexpr int value = Type;
};
template <class Body>
__device__ __forceinline__ void withType(int type, const Body &body) {
  switch (type) {
    case GK_F16:
      return body(TypeConstant<GK_F16>());
    case GK_BF16:
      return body(TypeConstant<GK_BF16>());
    case GK_F8:
      return body(TypeConstant<GK_F8>());
    case GK_Q8_0:
      return body(TypeConstant<GK_Q8_0>());
    case GK_TURBO4:
      return body(TypeConstant<GK_TURBO4>());
    case GK_TURBO3:
      return body(TypeConstant<GK_TURBO3>());
    default:
      return body(TypeConstant<GK_Q4_0>());
  }
}

// ---- pages ----

// Begins to copy a head's part of a page; all threads of the block take part.
__device__ __forceinline__ void copyPart(unsigned char *to, const unsigned char *from, int bytes) {
  for (int i = 16 * static_cast<int>(threadIdx.x); i < bytes; i += 16 * static_cast<int>(blockDim.x)) {
    copyAsync16(to + i, from + i);
  }
}

// Makes the values of slots from `count` zero, which may be anything where nothing is stored yet: even no weight at
// all times not a number is not a number. All threads of the block take part.
__device__ __forceinline__ void clearValues(const CachePages &cache, unsigned char *head, int count) {
  const int type = cache.valueType, elements = pageTokens * cache.headDim, thread = static_cast<int>(threadIdx.x);
  if (type == GK_F8) {
    for (int i = thread; i < elements; i += static_cast<int>(blockDim.x)) {
      if (i / 16 % 4 * 8 + i % 8 >= count) {
        head[cache.values + i] = 0;
      }
    }
    return;
  }
  // A scale of zero makes any code zero.
  auto *const halves = reinterpret_cast<uint16_t *>(head + (hasScales(type) ? cache.valueScales : cache.values));
  for (int i = thread; i < (hasScales(type) ? scaleBytes(type, cache.headDim) / 2 : elements);
       i += static_cast<int>(blockDim.x)) {
    if (i % pageTokens >= count) {
      halves[i] = 0;
    }
  }
}

}  // namespace gatun::cuda
