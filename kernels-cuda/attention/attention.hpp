// attention.hpp: what the kernels of attention share: their operands, the splits of a context and how they are merged.
//
// The arithmetic, the same in every kernel: a context is cut into splits of splitTokens positions; a split's pages are
// added in ascending order with a running maximum of the scores (online softmax, source: FlashAttention, arXiv
// 2205.14135), and the splits are merged in ascending order. So a query's result depends on nothing but itself and its
// keys and values.
#pragma once

#include "attention/cache_page.hpp"
#include "device/queue.hpp"
#include "small_ops/exponential.hpp"

namespace gatun::cuda {

constexpr int splitPages = 16;
constexpr int splitTokens = splitPages * pageTokens;

struct Attention {
  CachePages cache;
  const int32_t *position;
  const int32_t *sequence;
  const int32_t *pageTable;
  int32_t tokens;   // of this launch; times group below 2^31, or the queries would fit no device
  int32_t singles;  // of these: each the only one of its sequence
  int32_t sequences;
  int32_t maxPages;
  int32_t heads;
  int32_t group;   // query heads of a key/value head
  int32_t splits;  // in the longest context
  float scale;
  int32_t yType;
  const float *q;
  int64_t qStride;
  void *y;
  int64_t yStride;  // elements; bytes where quantised
  // Of every split of a row (token, head): the sum of its values (rows, splits, head_dim), and the state of its softmax
  // (rows, splits). NULL where a kernel walks all splits itself.
  float *partialValues;
  float2 *partialStates;
  int32_t valueDim;  // elements of a value

  __device__ __forceinline__ bool isPadding(int token) const { return sequence[token] < 0; }
  // A device array may hold an index out of range: what lies within reach is read instead.
  __device__ __forceinline__ int positionOf(int token) const {
    const int p = position[token];
    return p < 0 ? 0 : p < maxPages * pageTokens ? p : maxPages * pageTokens - 1;
  }
  __device__ __forceinline__ int pageOf(int row, int index) const {
    const int r = row < 0 || row >= sequences ? 0 : row;
    const int page = pageTable[int64_t{r} * maxPages + (index < maxPages ? index : maxPages - 1)];
    return page < 0 || page >= cache.pageCount ? 0 : page;
  }
};

// Softmax of a row so far: sums are of exp(score - reference) for scores in the kernel's own units.
struct SoftmaxState {
  float reference;
  float total;
};

// What merging a split with those before it multiplies both by.
struct MergeFactors {
  float old;
  float fresh;
};

// Adds the state of a split to that of the splits before it; power is the kernel's exponential.
template <class Power>
__device__ __forceinline__ MergeFactors mergeStates(SoftmaxState &all, const SoftmaxState &partial,
                                                    const Power &power) {
  const float top = fmaxf(all.reference, partial.reference);
  const MergeFactors f = {power(all.reference - top), power(partial.reference - top)};
  all.total = all.total * f.old + partial.total * f.fresh;
  all.reference = top;
  return f;
}
__device__ __forceinline__ float mergeValue(float all, float partial, const MergeFactors &f) {
  return fmaf(partial, f.fresh, all * f.old);
}

// Powers of 2, of the kernels on tensor cores: their scores are times log2 e.
struct PowerOfTwo {
  __device__ __forceinline__ float operator()(float x) const { return exp2f(x); }
};

// Powers of e, of the kernel that is bit-equal to the CPU.
struct PowerOfE {
  __device__ __forceinline__ float operator()(float x) const { return exponential(x); }
};

constexpr float minusInfinity = -__builtin_huge_valf();

}  // namespace gatun::cuda
