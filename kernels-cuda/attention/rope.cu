// rope.cu: RopeStore.
//
// Bytes moved: q is read and written, k and v are read, and their cache entries written: per token
// 8 heads * head_dim + kv_heads * head_dim * (8 + bytes of the cache's two types).
// Operations: per element of q and k one addition of a bias, 4 of a norm, 3 of the rotation and 1 + log2 head_dim of
// the Walsh-Hadamard matrix, where they apply. Grid: a warp each (token, head of q, k or v), four a block. Limit: for
// one token the latency of a read, the steps above and a write; for a prompt memory.
//
// Bit-equal to the CPU, sums of squares too: they have 16 lanes, by element mod 16.
#include "attention/head.hpp"
#include "ops.hpp"

namespace gatun::cuda {
namespace {

constexpr int warps = 4;

struct Store {
  CachePages cache;
  gk_rope rope;
  float *q;
  const float *k;
  const float *v;
  int64_t qStride, kStride, vStride;
  const int32_t *position;
  const int32_t *sequence;
  const int32_t *pageTable;
  int32_t tokens, sequences, maxPages;
  int32_t heads;
};

// One head of one token, held by a warp.
struct Head {
  float x[maxHeadDim];
};

struct Shared {
  Head heads[warps];
};

__device__ __forceinline__ void load(Head &head, const float *from, const float *bias, int dim) {
  for (int i = laneId(); i < dim; i += 32) {
    head.x[i] = bias != nullptr ? from[i] + bias[i] : from[i];
  }
  __syncwarp();
}

// Multiplies each run of elements, as long as the greatest power of two that divides dim, by the orthonormal
// Walsh-Hadamard matrix: sums of neighbours first.
__device__ __forceinline__ void spread(Head &head, int dim) {
  const int length = dim & -dim;
  for (int stride = 1; stride < length; stride *= 2) {
    for (int i = laneId(); i < dim / 2; i += 32) {
      const int at = i / stride * 2 * stride + i % stride;
      const float a = head.x[at], b = head.x[at + stride];
      head.x[at] = a + b;
      head.x[at + stride] = a - b;
    }
    __syncwarp();
  }
  const float scale = 1.0f / sqrtf(static_cast<float>(length));
  for (int i = laneId(); i < dim; i += 32) {
    head.x[i] *= scale;
  }
  __syncwarp();
}

__device__ __forceinline__ void prepare(Head &head, const Store &s, const float *from, const float *bias,
                                        const float *norm, int64_t token) {
  const int dim = s.cache.headDim;
  load(head, from, bias, dim);
  if (norm != nullptr) {
    normalize(head.x, norm, s.rope.norm_eps, dim);
  }
  rotate(head.x, s.rope, token);
  if (spreadsKeys(s.cache.keyType)) {
    spread(head, dim);
  }
}

template <int Type>
__device__ __forceinline__ int magnitudeOf(float x, float step) {
  int magnitude = 0;
#pragma unroll
  for (int m = 1; m < turbo::magnitudes(Type); ++m) {
    magnitude += fabsf(x) > step * turbo::border(Type, m - 1) ? 1 : 0;
  }
  return magnitude;
}

// Turns a head into codes of GK_TURBO4 or GK_TURBO3, as floats, and gives its scale.
template <int Type>
__device__ __forceinline__ uint16_t quantizeTurbo(Head &head, int dim) {
  float squares = 0, products = 0, levels = 0;
  for (int i = laneId() % 16; i < dim; i += 16) {
    squares = fmaf(head.x[i], head.x[i], squares);
  }
  const float step = sqrtf(sumOfSixteen(squares) / static_cast<float>(dim)) * turbo::unit(Type);
  for (int i = laneId() % 16; i < dim; i += 16) {
    const auto level = static_cast<float>(turbo::level(Type, magnitudeOf<Type>(head.x[i], step)));
    products = fmaf(fabsf(head.x[i]), level, products);
    levels = fmaf(level, level, levels);
  }
  const float scale = turbo::levelsToOne * sumOfSixteen(products) / sumOfSixteen(levels);
  __syncwarp();
  for (int i = laneId(); i < dim; i += 32) {
    const int sign = static_cast<int>(bitsAs<uint32_t>(head.x[i]) >> 31);
    head.x[i] = static_cast<float>(magnitudeOf<Type>(head.x[i], step) | sign << (turbo::bits(Type) - 1));
  }
  __syncwarp();
  return toF16(scale);
}
__device__ __forceinline__ uint16_t quantizeTurbo(Head &head, int type, int dim) {
  return type == GK_TURBO4 ? quantizeTurbo<GK_TURBO4>(head, dim) : quantizeTurbo<GK_TURBO3>(head, dim);
}

__device__ __forceinline__ uint32_t nibbleOf(float code) { return (byteOf(code) + 8) & 15u; }

// A run of 8 elements of a GK_TURBO3 key, which lies in two planes; index: of the first in the page's keys.
__device__ __forceinline__ void storeTurbo3Run(unsigned char *keys, int index, int headDim, const float *codes) {
  uint32_t magnitudes = 0, signs = 0;
  for (int i = 0; i < 8; ++i) {
    magnitudes |= (byteOf(codes[i]) & 3u) << keyBitTurbo3(i);
    signs |= byteOf(codes[i]) >> 2 << crossed(i);
  }
  *reinterpret_cast<uint16_t *>(keys + index / 4) = static_cast<uint16_t>(magnitudes);
  keys[keySignsAt(headDim) + index / 8] = static_cast<unsigned char>(signs);
}

// The bytes of element i of a GK_TURBO3 value and of those that share them: of magnitudes four, from i % 32 < 8, of
// signs eight, from i % 32 < 4.
__device__ __forceinline__ void storeTurbo3Value(unsigned char *values, int i, int slot, int headDim,
                                                 const float *codes) {
  if (i % 32 < 8) {
    uint32_t byte = 0;
    for (int d = i; d < i + 32; d += 8) {
      byte |= (byteOf(codes[d]) & 3u) << valueBit3(d);
    }
    values[valueAt3(i, slot)] = static_cast<unsigned char>(byte);
  }
  if (i % 32 < 4) {
    uint32_t byte = 0;
    for (int d = i; d < i + 32; d += 4) {
      byte |= byteOf(codes[d]) >> 2 << valueSignBit(d);
    }
    values[valueSignsAt(headDim) + valueSignAt(i, slot)] = static_cast<unsigned char>(byte);
  }
}

// A run of a key: 8 elements, or 4 at the end, which one lane holds in the attention kernels.
template <int Length>
__device__ __forceinline__ void storeRun(unsigned char *keys, int type, int offset, const float *x) {
  if (type == GK_F16 || type == GK_BF16) {
    uint32_t words[Length / 2];
    for (int i = 0; i < Length / 2; ++i) {
      words[i] = type == GK_F16 ? toF16x2(x[2 * i], x[2 * i + 1]) : toBf16x2(x[2 * i], x[2 * i + 1]);
    }
    unsigned char *const to = keys + 2 * offset;
    if constexpr (Length == 8) {
      *reinterpret_cast<uint4 *>(to) = make_uint4(words[0], words[1], words[2], words[3]);
    } else {
      *reinterpret_cast<uint2 *>(to) = make_uint2(words[0], words[1]);
    }
  } else if (type == GK_Q4_0 || type == GK_TURBO4) {
    uint32_t word = 0;
    for (int i = 0; i < Length; ++i) {
      word |= type == GK_Q4_0 ? nibbleOf(x[i]) << (4 * keyNibble(i)) : byteOf(x[i]) << (4 * keyNibbleTurbo4(i));
    }
    *reinterpret_cast<uint32_t *>(keys + offset / 2) = word;
  } else {
    uint32_t words[Length / 4];
    for (int i = 0; i < Length / 4; ++i) {
      words[i] = 0;
      for (int b = 0; b < 4; ++b) {
        words[i] |= (type == GK_F8 ? uint32_t{toF8(x[4 * i + b])} : byteOf(x[4 * i + b])) << (8 * b);
      }
    }
    unsigned char *const to = keys + offset;
    if constexpr (Length == 8) {
      *reinterpret_cast<uint2 *>(to) = make_uint2(words[0], words[1]);
    } else {
      *reinterpret_cast<uint32_t *>(to) = words[0];
    }
  }
}

__device__ __forceinline__ void storeKey(const CachePages &cache, unsigned char *headPage, int slot, Head &head) {
  const int type = cache.keyType, dim = cache.headDim;
  if (type == GK_F32) {
    for (int i = laneId(); i < dim; i += 32) {
      reinterpret_cast<float *>(headPage)[keyAtFp32(i, slot)] = head.x[i];
    }
    return;
  }
  auto *const scales = reinterpret_cast<uint16_t *>(headPage + cache.keyScales);
  if (turbo::is(type)) {
    const uint16_t scale = quantizeTurbo(head, type, dim);
    if (laneId() == 0) {
      scales[keyScaleAt(type, 0, slot, dim)] = scale;
    }
  } else if (hasScales(type)) {
    quantizeHead(head.x, type, dim, scales, [&](int block) { return keyScaleAt(type, block, slot, dim); });
  }
  for (int i = laneId(); i < keyRuns(dim); i += 32) {
    const KeyRun run = keyRun(i, slot, dim);
    if (type == GK_TURBO3) {
      storeTurbo3Run(headPage, run.offset, dim, head.x + run.first);
    } else if (run.length == 8) {
      storeRun<8>(headPage, type, run.offset, head.x + run.first);
    } else {
      storeRun<4>(headPage, type, run.offset, head.x + run.first);
    }
  }
}

__device__ __forceinline__ void storeValue(const CachePages &cache, unsigned char *headPage, int slot, Head &head) {
  const int type = cache.valueType, dim = cache.headDim;
  unsigned char *const values = headPage + cache.values;
  auto *const scales = reinterpret_cast<uint16_t *>(headPage + cache.valueScales);
  if (turbo::is(type)) {
    const uint16_t scale = quantizeTurbo(head, type, dim);
    if (laneId() == 0) {
      scales[valueScaleAt(type, 0, slot)] = scale;
    }
  } else if (hasScales(type)) {
    quantizeHead(head.x, type, dim, scales, [&](int block) { return valueScaleAt(type, block * scaleBlock, slot); });
  }
  for (int i = laneId(); i < dim; i += 32) {
    const float x = head.x[i];
    switch (type) {
      case GK_F32:
        reinterpret_cast<float *>(values)[slot * dim + i] = x;
        break;
      case GK_F16:
        reinterpret_cast<uint16_t *>(values)[valueAt16(i, slot)] = toF16(x);
        break;
      case GK_BF16:
        reinterpret_cast<uint16_t *>(values)[valueAt16(i, slot)] = toBf16(x);
        break;
      case GK_F8:
        values[valueAt8(i, slot)] = toF8(x);
        break;
      case GK_Q8_0:
        values[valueAt8(i, slot)] = static_cast<uint8_t>(byteOf(x));
        break;
      case GK_TURBO4:
        if (i / 8 % 2 == 0) {
          values[valueAtTurbo4(i, slot)] = static_cast<uint8_t>(byteOf(x) | byteOf(head.x[i + 8]) << 4);
        }
        break;
      case GK_TURBO3:
        storeTurbo3Value(values, i, slot, dim, head.x);
        break;
      default:
        if (i / 8 % 2 == 0) {
          values[valueAt4(i, slot)] = static_cast<uint8_t>(nibbleOf(x) | nibbleOf(head.x[i + 8]) << 4);
        }
    }
  }
}

__global__ void __launch_bounds__(32 * warps) storeTokens(Store s) {
  dependencyWait();
  dependencyTrigger();
  const int warp = static_cast<int>(threadIdx.x / 32);
  Head &head = shared<Shared>().heads[warp];
  const int dim = s.cache.headDim, kvHeads = s.cache.kvHeads, allHeads = s.heads + 2 * kvHeads;
  const int64_t index = int64_t{blockIdx.x} * warps + warp;
  const int64_t token = index / allHeads;
  if (token >= s.tokens || s.sequence[token] < 0) {  // none, or padding
    return;
  }
  int h = static_cast<int>(index % allHeads);
  if (h < s.heads) {
    float *const q = s.q + token * s.qStride + int64_t{h} * dim;
    prepare(head, s, q, s.rope.q_bias != nullptr ? s.rope.q_bias + int64_t{h} * dim : nullptr, s.rope.q_norm, token);
    for (int i = laneId(); i < dim; i += 32) {
      q[i] = head.x[i];
    }
    return;
  }
  h -= s.heads;
  const bool isKey = h < kvHeads;
  h -= isKey ? 0 : kvHeads;
  const int32_t position = s.position[token], sequence = s.sequence[token];
  if (sequence >= s.sequences || position < 0 || position / pageTokens >= s.maxPages) {
    return;
  }
  const int32_t page = s.pageTable[int64_t{sequence} * s.maxPages + position / pageTokens];
  if (page < 0 || page >= s.cache.pageCount) {
    return;
  }
  unsigned char *const headPage = s.cache.head(page, h);
  const int64_t at = int64_t{h} * dim;
  if (isKey) {
    prepare(head, s, s.k + token * s.kStride + at, s.rope.k_bias != nullptr ? s.rope.k_bias + at : nullptr,
            s.rope.k_norm, token);
    storeKey(s.cache, headPage, position % pageTokens, head);
  } else {
    load(head, s.v + token * s.vStride + at, s.rope.v_bias != nullptr ? s.rope.v_bias + at : nullptr, dim);
    if (spreadsValues(s.cache.valueType)) {
      spread(head, dim);
    }
    storeValue(s.cache, headPage, position % pageTokens, head);
  }
}

}  // namespace

int64_t cachePageBytes(const gk_cache &cache) { return int64_t{cache.kv_heads} * cachePages(cache).headBytes; }

void ropeStore(const Queue &queue, const gk_rope &rope, const gk_batch &batch, const gk_tensor &q, const gk_tensor &k,
               const gk_tensor &v, const gk_cache &cache) {
  if (batch.tokens == 0) {
    return;
  }
  const Store store = {cachePages(cache),
                       rope,
                       static_cast<float *>(q.data),
                       static_cast<const float *>(k.data),
                       static_cast<const float *>(v.data),
                       q.stride,
                       k.stride,
                       v.stride,
                       batch.position,
                       batch.sequence,
                       batch.page_table,
                       batch.tokens,
                       batch.sequences,
                       batch.max_pages,
                       static_cast<int32_t>(q.cols / cache.head_dim)};
  const int64_t allHeads = (q.cols + k.cols + v.cols) / cache.head_dim;
  launch(queue, {gridOf(ceilDiv(batch.tokens * allHeads, warps)), 32 * warps, sizeof(Shared)}, storeTokens, store);
}

}  // namespace gatun::cuda
