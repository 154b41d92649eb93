// decode.hpp: packed weights (packed.hpp) in the registers of a warp: fragments, scales, and the one arithmetic of
// every product with GK_A8 and GK_A16.
//
// For each block of 32 columns: dot = the exact integer product, less offset * sum of the activations; part = dot *
// scale (with a scale each 16 columns: dot 0 * scale 0, then fma with dot 1 * scale 1); acc = fma(part, activation
// scale, acc); with shifts acc = fma(shift, activation scale * sum, acc). Blocks ascend from acc = 0 inside a chunk of
// 1024 columns, and the totals of chunks are added in ascending order, however many rows are multiplied.
//
// Instructions of a warp for a block (16 x 32 weights) and 8 tokens, counted in the source, without the loads: unpack +
// start and mma + scales of the own pair, shared by four lanes + shuffles + the epilogue:
//   Q4_0: 6 + 4 + 1.5 + 2 + (2 + 8) = 24
//   AWQ:  6 + 4 + 4 + 4 + (2 + 12) = 32
//   Q4_K: 6 + 4 + 8 + 4 + (2 + 12) = 36
// GK_A16 adds 1 mma, 4 multiply-adds and 4 conversions.
#pragma once

#include "dialect.hpp"
#include "packed.hpp"

namespace gatun::cuda {

// ---- codes ----

template <int Dtype>
struct Codes {
  uint32_t code[Packed<Dtype>::codeWords];
  uint32_t high[Packed<Dtype>::highWords > 0 ? Packed<Dtype>::highWords : 1];
};

// What the lane holds of a pair. pair < matrix.pairs.
template <int Dtype>
__device__ __forceinline__ Codes<Dtype> loadCodes(const uint8_t *tile, const Planes &planes, int32_t pair, int lane) {
  using P = Packed<Dtype>;
  Codes<Dtype> c = {};
  if constexpr (P::codeWords == 2) {
    const uint2 w = loadOnce(reinterpret_cast<const uint2 *>(tile + int64_t{pair} * 256) + lane);
    c.code[0] = w.x, c.code[1] = w.y;
  } else {
    const uint4 *at = reinterpret_cast<const uint4 *>(tile + int64_t{pair} * (128 * P::codeWords)) + lane;
#pragma unroll
    for (int i = 0; i < P::codeWords / 4; i++) {
      const uint4 w = loadOnce(at + 32 * i);
      c.code[4 * i] = w.x, c.code[4 * i + 1] = w.y, c.code[4 * i + 2] = w.z, c.code[4 * i + 3] = w.w;
    }
  }
  if constexpr (P::highWords == 2) {
    const uint2 w = loadOnce(reinterpret_cast<const uint2 *>(tile + planes.high + int64_t{pair} * 256) + lane);
    c.high[0] = w.x, c.high[1] = w.y;
  } else if constexpr (P::highWords == 1) {
    c.high[0] = loadOnce(reinterpret_cast<const uint32_t *>(tile + planes.high + int64_t{pair} * 128) + lane);
  }
  return c;
}

// Shifts left by a constant; right where it is negative.
template <int By>
__device__ __forceinline__ uint32_t shifted(uint32_t word) {
  if constexpr (By >= 0) {
    return word << By;
  } else {
    return word >> -By;
  }
}

// IQ4's values for 8 nibbles: those of nibbles 0 to 3, and of 4 to 7, as signed bytes.
__device__ __forceinline__ void lookUp(uint32_t nibbles, uint32_t &low, uint32_t &high) {
  constexpr auto word = [](int i) {
    uint32_t w = 0;
    for (int j = 0; j < 4; j++) {
      w |= static_cast<uint32_t>((cpu::kIq4Values[4 * i + j] - 128) & 0xff) << (8 * j);
    }
    return w;
  };
  constexpr uint32_t a = word(0), b = word(1), c = word(2), d = word(3);
  // A permutation reaches 8 values; the third chooses, byte by byte, between the lower and the upper 8.
  const uint32_t index = nibbles & 0x77777777u, upper = (nibbles >> 1 & 0x44444444u) | 0x32103210u;
  low = bytePermute(bytePermute(a, b, index), bytePermute(c, d, index), upper);
  high = bytePermute(bytePermute(a, b, index >> 16), bytePermute(c, d, index >> 16), upper >> 16);
}

// The A fragment of block 0 or 1 of the pair: codes as bytes, below 128, or signed where the type's offset is 128.
template <int Dtype, int Block>
__device__ __forceinline__ void fragment(const Codes<Dtype> &c, uint32_t (&a)[4]) {
  using P = Packed<Dtype>;
  static_assert(!P::plain);
  if constexpr (P::codeWords == 8) {
#pragma unroll
    for (int j = 0; j < 4; j++) {
      a[j] = c.code[4 * Block + j];
    }
  } else if constexpr (P::format.lookup) {
    lookUp(c.code[2 * Block], a[0], a[2]);
    lookUp(c.code[2 * Block + 1], a[1], a[3]);
  } else if constexpr (P::codeWords == 4) {
    a[0] = c.code[2 * Block] & 0x0f0f0f0fu;
    a[1] = c.code[2 * Block + 1] & 0x0f0f0f0fu;
    a[2] = c.code[2 * Block] >> 4 & 0x0f0f0f0fu;
    a[3] = c.code[2 * Block + 1] >> 4 & 0x0f0f0f0fu;
  } else {
#pragma unroll
    for (int j = 0; j < 4; j++) {
      a[j] = c.code[Block] >> (2 * j) & 0x03030303u;
    }
  }
  if constexpr (P::highWords == 2) {
    static_assert(P::codeWords == 4);
    a[0] |= shifted<4>(c.high[Block]) & 0x30303030u;
    a[1] |= shifted<2>(c.high[Block]) & 0x30303030u;
    a[2] |= c.high[Block] & 0x30303030u;
    a[3] |= shifted<-2>(c.high[Block]) & 0x30303030u;
  } else if constexpr (P::highWords == 1) {
    constexpr int at = P::codeWords - 4 * Block;
    constexpr uint32_t mask = 0x01010101u << P::codeWords;
    a[0] |= shifted<at>(c.high[0]) & mask;
    a[1] |= shifted<at - 1>(c.high[0]) & mask;
    a[2] |= shifted<at - 2>(c.high[0]) & mask;
    a[3] |= shifted<at - 3>(c.high[0]) & mask;
  }
}

// What the codes of a fragment count too much. Where it is 128 they are signed already.
template <int Dtype>
constexpr int codeOffset = Packed<Dtype>::format.offset == 128 ? 0 : Packed<Dtype>::format.offset;

// ---- scales: a quad at a time, lane t of a row's four knows those of pair t ----

// As loaded: rows g and g + 8.
template <int Dtype>
struct RawFactors {
  uint32_t word[2][Packed<Dtype>::factorWords];
};

// [block of the pair][row g or g + 8][run of columns]: a weight is scale * (code - offset) + shift.
template <int Dtype>
struct Factors {
  float scale[2][2][Packed<Dtype>::runs];
  float shift[2][2][Packed<Dtype>::runs];
};

__device__ __forceinline__ int32_t groupOf(const Matrix &m, int32_t block) {
  const int32_t known = block < m.blocks ? block : m.blocks - 1;
  return m.groupShift >= 0 ? known >> m.groupShift : known / m.groupBlocks;
}

// Asks for the scales of pair 4 quad + t. Past the last pair, for those of the last: its activations are 0.
template <int Dtype>
__device__ __forceinline__ RawFactors<Dtype> loadFactors(const uint8_t *tile, const Matrix &m, int32_t quad, int lane) {
  using P = Packed<Dtype>;
  const int g = lane / 4, t = lane % 4;
  const int32_t wanted = 4 * quad + t, pair = wanted < m.pairs ? wanted : m.pairs - 1;
  const uint8_t *scales = tile + m.planes.scales, *more = tile + m.planes.more;
  RawFactors<Dtype> raw = {};
#pragma unroll
  for (int i = 0; i < 2; i++) {
    const int row = g + 8 * i;
    uint32_t (&w)[P::factorWords] = raw.word[i];
    const auto at = [row](int64_t unit) { return unit * tileRows + row; };
    if constexpr (P::scales == Scales::D) {
      w[0] = loadOnce(reinterpret_cast<const uint32_t *>(scales) + at(pair));
    } else if constexpr (P::scales == Scales::DM) {
      const uint2 v = loadOnce(reinterpret_cast<const uint2 *>(scales) + at(pair));
      w[0] = v.x, w[1] = v.y;
    } else if constexpr (P::scales == Scales::Super32) {
      const uint2 v = loadOnce(reinterpret_cast<const uint2 *>(scales) + at(quad));
      w[0] = v.x, w[1] = v.y;
    } else if constexpr (P::scales == Scales::Super16) {
      w[0] = reinterpret_cast<const uint16_t *>(scales)[at(quad)];
      const auto *words = reinterpret_cast<const uint32_t *>(more);
      if constexpr (P::format.bits == 3) {
        w[1] = words[3 * at(quad) + t / 2];
        w[2] = words[3 * at(quad) + 2];
      } else {
        w[1] = loadOnce(words + 4 * at(quad) + t);
      }
    } else if constexpr (P::scales == Scales::SuperMin32) {
      const uint4 v = loadOnce(reinterpret_cast<const uint4 *>(scales) + at(quad));
      w[0] = v.x, w[1] = v.y, w[2] = v.z, w[3] = v.w;
    } else if constexpr (P::scales == Scales::SuperMin16) {
      w[0] = loadOnce(reinterpret_cast<const uint32_t *>(scales) + at(quad));
      w[1] = loadOnce(reinterpret_cast<const uint32_t *>(more) + 4 * at(quad) + t);
    } else if constexpr (P::scales == Scales::Group) {
#pragma unroll
      for (int block = 0; block < 2; block++) {
        const int64_t place = at(groupOf(m, 2 * wanted + block));
        w[block] = reinterpret_cast<const uint16_t *>(scales)[place] | uint32_t{more[place]} << 16;
      }
    }
  }
  return raw;
}

__device__ __forceinline__ float lowHalf(uint32_t word) { return fromF16(static_cast<uint16_t>(word & 0xffff)); }
__device__ __forceinline__ float highHalf(uint32_t word) { return fromF16(static_cast<uint16_t>(word >> 16)); }
__device__ __forceinline__ float signedByte(uint32_t byte) {
  return static_cast<float>(static_cast<int8_t>(static_cast<uint8_t>(byte & 0xff)));
}
// Of a number below 2^23: cheaper than the conversion.
__device__ __forceinline__ float smallFloat(uint32_t value) { return bitsAs<float>(value | 0x4b000000u) - 8388608.0f; }

// The factors of the lane's own pair, t of the quad. Each product is exact in fp32 or rounded as the format's reference
// rounds it.
template <int Dtype>
__device__ __forceinline__ Factors<Dtype> factorsOf(const RawFactors<Dtype> &raw, int lane) {
  using P = Packed<Dtype>;
  const uint32_t t = static_cast<uint32_t>(lane) % 4;
  Factors<Dtype> f = {};
#pragma unroll
  for (int i = 0; i < 2; i++) {
    const uint32_t (&w)[P::factorWords] = raw.word[i];
    if constexpr (P::scales == Scales::D) {
      f.scale[0][i][0] = lowHalf(w[0]);
      f.scale[1][i][0] = highHalf(w[0]);
    } else if constexpr (P::scales == Scales::DM) {
      f.scale[0][i][0] = lowHalf(w[0]), f.shift[0][i][0] = highHalf(w[0]);
      f.scale[1][i][0] = lowHalf(w[1]), f.shift[1][i][0] = highHalf(w[1]);
    } else if constexpr (P::scales == Scales::Super32) {
      const float d = lowHalf(w[0]);
      const uint32_t low = w[1] >> (8 * t), high = w[0] >> (16 + 4 * t) << 4;
      f.scale[0][i][0] = d * (smallFloat((low & 15) | (high & 0x30)) - 32.0f);
      f.scale[1][i][0] = d * (smallFloat((low >> 4 & 15) | (high >> 2 & 0x30)) - 32.0f);
    } else if constexpr (P::scales == Scales::Super16) {
      const float d = lowHalf(w[0]);
#pragma unroll
      for (int n = 0; n < 4; n++) {
        if constexpr (P::format.bits == 3) {
          const uint32_t low = w[1] >> (16 * (t % 2) + 4 * static_cast<uint32_t>(n)) & 15;
          const uint32_t high = w[2] >> (8 * t + 2 * static_cast<uint32_t>(n)) & 3;
          f.scale[n / 2][i][n % 2] = d * (smallFloat(low | high << 4) - 32.0f);
        } else {
          f.scale[n / 2][i][n % 2] = d * signedByte(w[1] >> (8 * n));
        }
      }
    } else if constexpr (P::scales == Scales::SuperMin32) {
      const float d = lowHalf(w[0]), m = highHalf(w[0]);
      const uint32_t scale = w[1] >> (8 * t), minimum = w[2] >> (8 * t), high = w[3] >> (8 * t);
      f.scale[0][i][0] = d * smallFloat((scale & 15) | (high << 4 & 0x30));
      f.scale[1][i][0] = d * smallFloat((scale >> 4 & 15) | (high << 2 & 0x30));
      f.shift[0][i][0] = m * smallFloat((minimum & 15) | (high & 0x30));
      f.shift[1][i][0] = m * smallFloat((minimum >> 4 & 15) | (high >> 2 & 0x30));
    } else if constexpr (P::scales == Scales::SuperMin16) {
      const float d = lowHalf(w[0]), m = highHalf(w[0]);
#pragma unroll
      for (int n = 0; n < 4; n++) {
        f.scale[n / 2][i][n % 2] = d * smallFloat(w[1] >> (8 * n) & 15);
        f.shift[n / 2][i][n % 2] = m * smallFloat(w[1] >> (8 * n + 4) & 15);
      }
    } else if constexpr (P::scales == Scales::Group) {
#pragma unroll
      for (int block = 0; block < 2; block++) {
        const float scale = lowHalf(w[block]);
        f.scale[block][i][0] = scale;
        f.shift[block][i][0] = 0.0f - scale * smallFloat(w[block] >> 16);
      }
    }
  }
  return f;
}

// [row g or g + 8][run].
template <int Dtype>
struct BlockFactors {
  float scale[2][Packed<Dtype>::runs];
  float shift[2][Packed<Dtype>::runs];
};

// Those of block 0 to 7 of the quad, from the lane that knows them. All lanes take part.
template <int Dtype>
__device__ __forceinline__ BlockFactors<Dtype> factorsOfBlock(const Factors<Dtype> &own, int block, int lane) {
  using P = Packed<Dtype>;
  const int from = (lane & 28) | block / 2;
  BlockFactors<Dtype> f = {};
#pragma unroll
  for (int i = 0; i < 2; i++) {
#pragma unroll
    for (int n = 0; n < P::runs; n++) {
      f.scale[i][n] = shuffle(own.scale[block % 2][i][n], from);
      if constexpr (P::shifted) {
        f.shift[i][n] = shuffle(own.shift[block % 2][i][n], from);
      }
    }
  }
  return f;
}

// ---- products with GK_A8 and GK_A16 (`Wide`) ----

// An integer within 2^22 added to these bits is, read as a float, 12582912 more than itself.
constexpr int32_t magicBits = 0x4b400000;
constexpr float magicFloat = 12582912.0f;

// What a block of activations is to a type of weights.
template <int Dtype>
struct Activation {
  float scale;
  float sum[Packed<Dtype>::runs];      // scale * sum of the q; where weights have shifts
  int32_t start[Packed<Dtype>::runs];  // what the integer sum begins with
};

// sum0, sum1: of the first and the last 16 q, as stored.
template <int Dtype, bool Wide>
__device__ __forceinline__ Activation<Dtype> activationOf(float scale, int32_t sum0, int32_t sum1) {
  using P = Packed<Dtype>;
  constexpr int32_t base = Wide ? 0 : magicBits;
  const int32_t sums[2] = {P::runs == 1 ? sum0 + sum1 : sum0, sum1};
  Activation<Dtype> a = {};
  a.scale = scale;
#pragma unroll
  for (int n = 0; n < P::runs; n++) {
    a.sum[n] = P::shifted ? scale * static_cast<float>(sums[n]) : 0.0f;
    a.start[n] = base - codeOffset<Dtype> * sums[n];
  }
  return a;
}

// dot[run] += the products of a block. b: the words of column g at 4 t and 16 + 4 t of one digit.
template <int Runs>
__device__ __forceinline__ void multiplyBlock(int32_t (&dot)[Runs][4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  if constexpr (Runs == 1) {
    mmaInt8(dot[0], a, b);
  } else {
    mmaInt8Half(dot[0], a[0], a[1], b[0]);
    mmaInt8Half(dot[1], a[2], a[3], b[1]);
  }
}

// What a dot product is: `low` of GK_A8 began with start; of GK_A16 it counts 1 and `high` 254.
__device__ __forceinline__ int32_t joined(int32_t high, int32_t low) { return cpu::kDigit * high + low; }

// The block's product for one row and one token, less the activations' scale and the shifts. dot: with GK_A8 what an
// mma made of start, with GK_A16 joined.
template <int Dtype, bool Wide>
__device__ __forceinline__ float partOf(const int32_t (&dot)[Packed<Dtype>::runs], const float *scale) {
  float part;
  if constexpr (Wide) {
    part = static_cast<float>(dot[0]) * scale[0];
  } else {
    // Both products are exact before the one rounding: magicFloat * scale has at most 20 bits.
    part = fmaf(bitsAs<float>(dot[0]), scale[0], -magicFloat * scale[0]);
  }
  if constexpr (Packed<Dtype>::runs == 2) {
    const float second = Wide ? static_cast<float>(dot[1]) : bitsAs<float>(dot[1]) - magicFloat;
    part = fmaf(second, scale[1], part);
  }
  return part;
}

// acc and the block's product.
template <int Dtype>
__device__ __forceinline__ float addPart(float acc, float part, const float *shift, float scale, const float *sum) {
  acc = fmaf(part, scale, acc);
  if constexpr (Packed<Dtype>::shifted) {
#pragma unroll
    for (int n = 0; n < Packed<Dtype>::runs; n++) {
      acc = fmaf(shift[n], sum[n], acc);
    }
  }
  return acc;
}

}  // namespace gatun::cuda
