// dequantize.hpp: weights of a checkpoint's own blocks to floats, bit-equal to kernels-cpu/dequantize.cpp. Layouts:
// gguf/quants.py of the gguf package 0.19 (dequantize_blocks of each type).
#pragma once

#include "device/dialect.hpp"

namespace gatun::cuda::checkpoint {

struct BlockShape {
  int cols, bytes;
};

// cols is 0 for a type without blocks of its own.
__host__ __device__ constexpr BlockShape blockShape(int32_t dtype) {
  switch (dtype) {
    case GK_F32:
      return {1, 4};
    case GK_F16:
    case GK_BF16:
      return {1, 2};
    case GK_Q4_0:
    case GK_IQ4_NL:
      return {32, 18};
    case GK_Q4_1:
      return {32, 20};
    case GK_Q5_0:
      return {32, 22};
    case GK_Q5_1:
      return {32, 24};
    case GK_Q8_0:
      return {32, 34};
    case GK_Q2_K:
      return {256, 84};
    case GK_Q3_K:
      return {256, 110};
    case GK_Q4_K:
      return {256, 144};
    case GK_Q5_K:
      return {256, 176};
    case GK_Q6_K:
      return {256, 210};
    case GK_IQ4_XS:
      return {256, 136};
    default:
      return {0, 0};
  }
}

__device__ __forceinline__ uint32_t half(const uint8_t *p) { return static_cast<uint32_t>(p[0] | p[1] << 8); }
__device__ __forceinline__ float scale(const uint8_t *p) { return fromF16(static_cast<uint16_t>(half(p))); }

// Code i of a run of bytes with `count` bytes for each field of `bits` bits: field i / count of byte i % count.
__device__ __forceinline__ int field(const uint8_t *p, int i, int count, int bits) {
  return p[i % count] >> (i / count * bits) & ((1 << bits) - 1);
}

// IQ4's values (source: gguf/quants.py, IQ4_NL.kvalues), eight a word of bytes less 128.
__device__ __forceinline__ float iq4(int code) {
  const uint32_t words[4] = {0xbfad9881u, 0xf6eaddcfu, 0x26190d01u, 0x71594535u};
  const uint32_t word = code < 8 ? (code < 4 ? words[0] : words[1]) : (code < 12 ? words[2] : words[3]);
  return static_cast<float>(static_cast<int8_t>(word >> (code % 4 * 8) & 0xff));
}

// Q4_K, Q5_K: scale and minimum of 32 columns, six bits each, in 12 bytes.
__device__ __forceinline__ int scaleOf(const uint8_t *s, int j) {
  return j < 4 ? s[j] & 0x3f : (s[j + 4] & 0x0f) | (s[j - 4] >> 2 & 0x30);
}
__device__ __forceinline__ int minimumOf(const uint8_t *s, int j) {
  return j < 4 ? s[j + 4] & 0x3f : s[j + 4] >> 4 | (s[j] >> 2 & 0x30);
}

// Weight i of a block at s, any alignment. Where there is a minimum its factor is negated before the product, and the
// product is added last, as the CPU does; a product alone keeps the sign of a zero.
__device__ __forceinline__ float weightOf(int32_t dtype, const uint8_t *s, int i) {
  const int n = i / 128, j = i % 128;
  switch (dtype) {
    case GK_F32:
      return bitsAs<float>(half(s) | half(s + 2) << 16);
    case GK_F16:
      return scale(s);
    case GK_BF16:
      return bitsAs<float>(half(s) << 16);
    case GK_Q4_0:
      return scale(s) * static_cast<float>(field(s + 2, i, 16, 4) - 8);
    case GK_IQ4_NL:
      return scale(s) * iq4(field(s + 2, i, 16, 4));
    case GK_Q4_1:
      return scale(s) * static_cast<float>(field(s + 4, i, 16, 4)) + scale(s + 2);
    case GK_Q5_0:
      return scale(s) * static_cast<float>((field(s + 6, i, 16, 4) | (s[2 + i / 8] >> (i % 8) & 1) << 4) - 16);
    case GK_Q5_1:
      return scale(s) * static_cast<float>(field(s + 8, i, 16, 4) | (s[4 + i / 8] >> (i % 8) & 1) << 4) + scale(s + 2);
    case GK_Q8_0:
      return scale(s) * static_cast<float>(static_cast<int8_t>(s[2 + i]));
    case GK_Q2_K: {
      const int both = s[i / 16];
      const float d = scale(s + 80) * static_cast<float>(both & 15), m = -scale(s + 82) * static_cast<float>(both >> 4);
      return d * static_cast<float>(field(s + 16 + 32 * n, j, 32, 2)) + m;
    }
    case GK_Q3_K: {
      const int group = i / 16;
      const int six = field(s + 96, group, 8, 4) | field(s + 104, group, 4, 2) << 4;
      const int code = field(s + 32 + 32 * n, j, 32, 2) | field(s, i, 32, 1) << 2;
      return scale(s + 108) * static_cast<float>(six - 32) * static_cast<float>(code - 4);
    }
    case GK_Q4_K: {
      const float d = scale(s) * static_cast<float>(scaleOf(s + 4, i / 32));
      const float m = -scale(s + 2) * static_cast<float>(minimumOf(s + 4, i / 32));
      return d * static_cast<float>(field(s + 16 + 32 * (i / 64), i % 64, 32, 4)) + m;
    }
    case GK_Q5_K: {
      const float d = scale(s) * static_cast<float>(scaleOf(s + 4, i / 32));
      const float m = -scale(s + 2) * static_cast<float>(minimumOf(s + 4, i / 32));
      return d * static_cast<float>(field(s + 48 + 32 * (i / 64), i % 64, 32, 4) | field(s + 16, i, 32, 1) << 4) + m;
    }
    case GK_Q6_K: {
      const int code = field(s + 64 * n, j, 64, 4) | field(s + 128 + 32 * n, j, 32, 2) << 4;
      return scale(s + 208) * static_cast<float>(static_cast<int8_t>(s[192 + i / 16])) * static_cast<float>(code - 32);
    }
    case GK_IQ4_XS: {
      const int group = i / 32;
      const int six = field(s + 4 + group / 2, group % 2, 1, 4) | static_cast<int>(half(s + 2) >> (2 * group) & 3) << 4;
      return scale(s) * static_cast<float>(six - 32) * iq4(field(s + 8 + 16 * group, i % 32, 16, 4));
    }
    default:
      return 0;
  }
}

// ---- a chunk of whole blocks, by way of shared memory ----

constexpr int chunkCols = 2048;  // a multiple of every block
constexpr int chunkThreads = 256;

struct Chunk {
  uint8_t bytes[chunkCols * 4 + 4];
};

// y[0 .. count) = the weights of the blocks at `source`, any alignment; count <= chunkCols, a multiple of the block.
// All chunkThreads of the block take part. The source is read once, in whole words: it may be the host's memory.
__device__ __forceinline__ void dequantizeChunk(int32_t dtype, const uint8_t *source, int count, float *y) {
  auto &s = shared<Chunk>();
  const BlockShape shape = blockShape(dtype);
  const int bytes = count / shape.cols * shape.bytes, mine = static_cast<int>(threadIdx.x);
  // The bytes lie as far past a word's start as in the source; those before the first and after the last whole word
  // alone.
  const int skew = static_cast<int>(reinterpret_cast<uintptr_t>(source) % 4);
  const int head = (4 - skew) % 4 < bytes ? (4 - skew) % 4 : bytes, words = (bytes - head) / 4;
  const int tail = head + 4 * words;
  const auto *const from = reinterpret_cast<const uint32_t *>(source + head);
  auto *const to = reinterpret_cast<uint32_t *>(s.bytes + (skew + head));
#pragma unroll 4
  for (int w = mine; w < words; w += chunkThreads) {
    to[w] = from[w];
  }
  if (mine < head) {
    s.bytes[skew + mine] = source[mine];
  }
  if (mine < bytes - tail) {
    s.bytes[skew + tail + mine] = source[tail + mine];
  }
  __syncthreads();
  for (int i = mine; i < count; i += chunkThreads) {
    y[i] = weightOf(dtype, s.bytes + skew + i / shape.cols * shape.bytes, i % shape.cols);
  }
}

}  // namespace gatun::cuda::checkpoint
