// decode.hpp: packed weights (packed.hpp) in the registers of a warp: fragments and their scales.
#pragma once

#include "device/dialect.hpp"
#include "weights/packed.hpp"

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
    const uint2 w = loadWeight(reinterpret_cast<const uint2 *>(tile + int64_t{pair} * 256) + lane);
    c.code[0] = w.x, c.code[1] = w.y;
  } else {
    const uint4 *at = reinterpret_cast<const uint4 *>(tile + int64_t{pair} * (128 * P::codeWords)) + lane;
#pragma unroll
    for (int i = 0; i < P::codeWords / 4; i++) {
      const uint4 w = loadWeight(at + 32 * i);
      c.code[4 * i] = w.x, c.code[4 * i + 1] = w.y, c.code[4 * i + 2] = w.z, c.code[4 * i + 3] = w.w;
    }
  }
  if constexpr (P::highWords == 2) {
    const uint2 w = loadWeight(reinterpret_cast<const uint2 *>(tile + planes.high + int64_t{pair} * 256) + lane);
    c.high[0] = w.x, c.high[1] = w.y;
  } else if constexpr (P::highWords == 1) {
    c.high[0] = loadWeight(reinterpret_cast<const uint32_t *>(tile + planes.high + int64_t{pair} * 128) + lane);
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

// The A fragment of block 0 or 1 of the pair, as signed bytes: codes times 2^codeShift, less the type's offset.
template <int Dtype, int Block>
__device__ __forceinline__ void fragment(const Codes<Dtype> &c, uint32_t (&a)[4]) {
  using P = Packed<Dtype>;
  constexpr int S = P::codeShift;
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
    constexpr uint32_t mask = 0x0f0f0f0fu << S;
    a[0] = shifted<S>(c.code[2 * Block]) & mask;
    a[1] = shifted<S>(c.code[2 * Block + 1]) & mask;
    a[2] = shifted<S - 4>(c.code[2 * Block]) & mask;
    a[3] = shifted<S - 4>(c.code[2 * Block + 1]) & mask;
  } else {
    constexpr uint32_t mask = 0x03030303u << S;
    a[0] = shifted<S>(c.code[Block]) & mask;
    a[1] = shifted<S - 2>(c.code[Block]) & mask;
    a[2] = shifted<S - 4>(c.code[Block]) & mask;
    a[3] = shifted<S - 6>(c.code[Block]) & mask;
  }
  if constexpr (P::highWords == 2) {
    static_assert(P::codeWords == 4);
    constexpr uint32_t mask = 0x30303030u << S;
    a[0] |= shifted<S + 4>(c.high[Block]) & mask;
    a[1] |= shifted<S + 2>(c.high[Block]) & mask;
    a[2] |= shifted<S>(c.high[Block]) & mask;
    a[3] |= shifted<S - 2>(c.high[Block]) & mask;
  } else if constexpr (P::highWords == 1) {
    constexpr int at = P::codeWords + S - 4 * Block;
    constexpr uint32_t mask = 0x01010101u << (P::codeWords + S);
    a[0] |= shifted<at>(c.high[0]) & mask;
    a[1] |= shifted<at - 1>(c.high[0]) & mask;
    a[2] |= shifted<at - 2>(c.high[0]) & mask;
    a[3] |= shifted<at - 3>(c.high[0]) & mask;
  }
}

// ---- scales: a quad at a time, lane t of a row's four knows those of pair t ----

// As loaded: rows g and g + 8.
template <int Dtype>
struct RawFactors {
  uint32_t word[2][Packed<Dtype>::factorWords];
};

// [block of the pair][row g or g + 8][run of columns]: a weight is scale * byte of the fragment + shift, or, in groups,
// scale * (byte - zero).
template <int Dtype>
struct Factors {
  float scale[2][2][Packed<Dtype>::runs];
  float shift[2][2][Packed<Dtype>::runs];
  int32_t zero[2][2];
};

__device__ __forceinline__ int32_t groupOf(const Matrix &m, int32_t block) {
  const auto known = static_cast<uint32_t>(block < m.blocks ? block : m.blocks - 1);
  return static_cast<int32_t>(uint64_t{known} * m.groupShare >> 31);
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
    const auto at = [row](int64_t index) { return index * tileRows + row; };
    if constexpr (P::scales == Scales::Square) {
      w[0] = loadWeight(reinterpret_cast<const uint32_t *>(scales) + pair / (GK_SQUARE / pairColumns));
    } else if constexpr (P::scales == Scales::D) {
      w[0] = loadWeight(reinterpret_cast<const uint32_t *>(scales) + at(pair));
    } else if constexpr (P::scales == Scales::DM) {
      const uint2 v = loadWeight(reinterpret_cast<const uint2 *>(scales) + at(pair));
      w[0] = v.x, w[1] = v.y;
    } else if constexpr (P::scales == Scales::Super32) {
      const uint2 v = loadWeight(reinterpret_cast<const uint2 *>(scales) + at(quad));
      w[0] = v.x, w[1] = v.y;
    } else if constexpr (P::scales == Scales::Super16) {
      w[0] = loadWeight(reinterpret_cast<const uint16_t *>(scales) + at(quad));
      const auto *words = reinterpret_cast<const uint32_t *>(more);
      if constexpr (P::format.bits == 3) {
        w[1] = loadWeight(words + 3 * at(quad) + t / 2);
        w[2] = loadWeight(words + 3 * at(quad) + 2);
      } else {
        w[1] = loadWeight(words + 4 * at(quad) + t);
      }
    } else if constexpr (P::scales == Scales::SuperMin32) {
      const uint4 v = loadWeight(reinterpret_cast<const uint4 *>(scales) + at(quad));
      w[0] = v.x, w[1] = v.y, w[2] = v.z, w[3] = v.w;
    } else if constexpr (P::scales == Scales::SuperMin16) {
      w[0] = loadWeight(reinterpret_cast<const uint32_t *>(scales) + at(quad));
      w[1] = loadWeight(reinterpret_cast<const uint32_t *>(more) + 4 * at(quad) + t);
    } else if constexpr (P::scales == Scales::Group) {
#pragma unroll
      for (int block = 0; block < P::factorWords; block++) {
        const auto group = static_cast<uint32_t>(groupOf(m, 2 * wanted + block)) * uint32_t{tileRows};
        w[block] = loadWeight(reinterpret_cast<const uint16_t *>(scales + 2 * g + 2 * group) + 8 * i) |
                   loadWeight(more + g + group + 8 * i) << 16;
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

// What a byte of a fragment counts; a power of 2, so that no product is another.
template <int Dtype>
constexpr float codeUnit = 1.0f / (1 << Packed<Dtype>::codeShift);

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
    if constexpr (P::scales == Scales::Square) {
      f.scale[0][i][0] = f.scale[1][i][0] = bitsAs<float>(w[0]);
    } else if constexpr (P::scales == Scales::D) {
      f.scale[0][i][0] = codeUnit<Dtype> * lowHalf(w[0]);
      f.scale[1][i][0] = codeUnit<Dtype> * highHalf(w[0]);
    } else if constexpr (P::scales == Scales::DM) {
      f.scale[0][i][0] = lowHalf(w[0]), f.shift[0][i][0] = highHalf(w[0]);
      f.scale[1][i][0] = lowHalf(w[1]), f.shift[1][i][0] = highHalf(w[1]);
    } else if constexpr (P::scales == Scales::Super32) {
      const float d = lowHalf(w[0]);
      const uint32_t low = w[1] >> (8 * t), high = w[0] >> (16 + 4 * t) << 4;
      f.scale[0][i][0] = d * (smallFloat((low & 15) | (high & 0x30)) - 32.0f);
      f.scale[1][i][0] = d * (smallFloat((low >> 4 & 15) | (high >> 2 & 0x30)) - 32.0f);
    } else if constexpr (P::scales == Scales::Super16) {
      const float d = codeUnit<Dtype> * lowHalf(w[0]);
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
        const uint32_t both = w[P::paired ? 0 : block];
        f.scale[block][i][0] = lowHalf(both);
        f.shift[block][i][0] = 0.0f - f.scale[block][i][0] * smallFloat(both >> 16);
        f.zero[block][i] = static_cast<int32_t>(both >> 16);
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
  int32_t zero[2];
};

// Those of block 0 to 7 of the quad, from the lane that knows them. All lanes take part.
template <int Dtype>
__device__ __forceinline__ BlockFactors<Dtype> factorsOfBlock(const Factors<Dtype> &own, int block, int lane) {
  using P = Packed<Dtype>;
  const int from = (lane & 28) | block / 2;
  BlockFactors<Dtype> f = {};
#pragma unroll
  for (int i = 0; i < 2; i++) {
    if constexpr (P::zeroed) {
      f.zero[i] = shuffle(own.zero[block % 2][i], from);
    }
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

}  // namespace gatun::cuda
