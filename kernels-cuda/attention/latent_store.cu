// latent_store.cu: LatentStore.
//
// Bytes moved a token: 4 head_dim of kv and its cache entry, 8 rope.dim a query head. Operations: 4 an element of the
// latent for its norm, 3 an element that turns. Grid: a warp each (token, query head or the latent), four a block.
// Limit: for one token the latency of a read, a norm and a write; for a prompt memory.
//
// Bit-equal to the CPU.
#include "attention/head.hpp"
#include "ops.hpp"

namespace gatun::cuda {
namespace {

constexpr int warps = 4;

struct Store {
  CachePages cache;
  gk_rope rope;
  const float *q;
  const float *kv;
  float *absorbed;
  int64_t qStride, kvStride, absorbedStride;
  const int32_t *position;
  const int32_t *sequence;
  const int32_t *pageTable;
  int32_t tokens, sequences, maxPages;
  int32_t heads;
  int32_t width;  // of a head of q
};

struct Shared {
  float heads[warps][maxLatentDim];
};

// x = `count` floats; all lanes of the warp take part.
__device__ __forceinline__ void copyHead(float *x, const float *from, int count) {
  for (int i = laneId(); i < count; i += 32) {
    x[i] = from[i];
  }
  __syncwarp();
}

__device__ __forceinline__ void storeEntry(const CachePages &cache, unsigned char *page, int slot, float *x) {
  const int type = cache.keyType, dim = cache.headDim;
  if (hasScales(type)) {
    quantizeHead(x, type, dim, reinterpret_cast<uint16_t *>(page + cache.keyScales),
                 [&](int block) { return latentScaleAt(block, slot, dim); });
  }
  for (int i = laneId(); i < dim; i += 32) {
    const int at = latentAt(i, slot, dim);
    switch (type) {
      case GK_F32:
        reinterpret_cast<float *>(page)[at] = x[i];
        break;
      case GK_F16:
        reinterpret_cast<uint16_t *>(page)[at] = toF16(x[i]);
        break;
      case GK_BF16:
        reinterpret_cast<uint16_t *>(page)[at] = toBf16(x[i]);
        break;
      case GK_F8:
        page[at] = toF8(x[i]);
        break;
      default:
        page[at] = static_cast<uint8_t>(byteOf(x[i]));
    }
  }
}

__global__ void __launch_bounds__(32 * warps) storeLatents(Store s) {
  dependencyWait();
  dependencyTrigger();
  const int warp = static_cast<int>(threadIdx.x / 32), dim = s.rope.dim;
  float *const x = shared<Shared>().heads[warp];
  const int64_t index = int64_t{blockIdx.x} * warps + warp, token = index / (s.heads + 1);
  if (token >= s.tokens || s.sequence[token] < 0) {  // none, or padding
    return;
  }
  const int64_t head = index % (s.heads + 1);
  if (head < s.heads) {
    copyHead(x, s.q + token * s.qStride + (head + 1) * s.width - dim, dim);
    rotate(x, s.rope, token);
    copyHead(s.absorbed + token * s.absorbedStride + (head + 1) * s.cache.headDim - dim, x, dim);
    return;
  }
  const int32_t position = s.position[token], sequence = s.sequence[token];
  if (sequence >= s.sequences || position < 0 || position / pageTokens >= s.maxPages) {
    return;
  }
  const int32_t page = s.pageTable[int64_t{sequence} * s.maxPages + position / pageTokens];
  if (page < 0 || page >= s.cache.pageCount) {
    return;
  }
  copyHead(x, s.kv + token * s.kvStride, s.cache.headDim);
  normalize(x, s.rope.k_norm, s.rope.norm_eps, s.cache.latent);
  rotate(x + s.cache.latent, s.rope, token);
  storeEntry(s.cache, s.cache.head(page, 0), position % pageTokens, x);
}

}  // namespace

void latentStore(const Queue &queue, const gk_rope &rope, const gk_batch &batch, const gk_tensor &q,
                 const gk_tensor &kv, const gk_tensor &absorbed, const gk_cache &cache) {
  if (batch.tokens == 0) {
    return;
  }
  const int64_t heads = absorbed.cols / cache.head_dim;
  const Store store = {cachePages(cache),
                       rope,
                       static_cast<const float *>(q.data),
                       static_cast<const float *>(kv.data),
                       static_cast<float *>(absorbed.data),
                       q.stride,
                       kv.stride,
                       absorbed.stride,
                       batch.position,
                       batch.sequence,
                       batch.page_table,
                       batch.tokens,
                       batch.sequences,
                       batch.max_pages,
                       static_cast<int32_t>(heads),
                       static_cast<int32_t>(q.cols / heads)};
  launch(queue, {gridOf(ceilDiv(batch.tokens * (heads + 1), warps)), 32 * warps, sizeof(Shared)}, storeLatents, store);
}

}  // namespace gatun::cuda
