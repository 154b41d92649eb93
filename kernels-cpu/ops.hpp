// ops.hpp: the ops of the CPU back end that read no packed weights, as kernels.h states them; arguments are checked.
#pragma once

#include <cstdint>

#include "gatun/kernels.h"
#include "pool.hpp"

namespace gatun::cpu {

// ---- the same for every instruction set ----

void gatherRows(Pool &pool, const gk_tensor &x, const gk_tensor &rows, const gk_tensor &y);
void ropeTable(Pool &pool, const gk_batch &batch, const float *invFreq, int32_t dim, float scale, float *table);

void sample(Pool &pool, const gk_tensor &logits, const gk_sampling *sampling, const gk_tensor &tokens,
            float *probabilities);

// `read` adds up the 64-byte lines of memory, so that none may be left out.
double measureRead(Pool &pool, int32_t (*read)(const void *begin, int64_t lines), const void *buffer, int64_t bytes,
                   int32_t repeats);

// Whether a row of a step is there to fill it up.
inline bool isPadding(const gk_batch &batch, int64_t token) { return batch.sequence[token] == -1; }

// What only a look into the arrays tells; each refuses with the first bad entry. Of padding nothing is looked at.
void checkPositions(const gk_batch &batch);
// That each token's own page exists, or with `past` all pages from its sequence's first.
void checkPages(const gk_batch &batch, const gk_cache &cache, bool past);
// That every entry is 0 or more and less than `end`, which is `endName`.
void checkIds(const gk_tensor &ids, const char *name, int64_t end, const char *endName);
// That every entry is a row of the table or, where tokens were drawn, -1 - k of one of them.
void checkTokens(const gk_tensor &tokens, const gk_tensor *drawn, int64_t rows);
void checkSampling(const gk_sampling *sampling, const gk_tensor &logits);
[[noreturn]] void refuseBf16();

// ---- once an instruction set ----

#define GK_DECLARE_OPS(isa)                                                                                        \
  namespace isa {                                                                                                  \
  void rmsNorm(Pool &pool, const gk_tensor &x, const float *weight, float eps, const gk_tensor &y);                \
  void addRmsNorm(Pool &pool, const gk_tensor &residual, const gk_tensor &delta, const float *weight, float eps,   \
                  const gk_tensor &y);                                                                             \
  void gated(Pool &pool, const gk_tensor &gate, const gk_tensor &up, const gk_tensor &y);                          \
  void ropeStore(Pool &pool, const gk_rope &rope, const gk_batch &batch, const gk_tensor &q, const gk_tensor &k,   \
                 const gk_tensor &v, const gk_cache &cache);                                                       \
  void attention(Pool &pool, const gk_batch &batch, const gk_tensor &q, const gk_cache &cache, float scale,        \
                 const gk_tensor &y);                                                                              \
  void route(Pool &pool, const gk_tensor &logits, bool normalize, const gk_tensor &ids, const gk_tensor &weights); \
  int32_t readLines(const void *begin, int64_t lines);                                                             \
  }
GK_DECLARE_OPS(plain)
GK_DECLARE_OPS(avx2)
GK_DECLARE_OPS(avx512)
GK_DECLARE_OPS(avx512vnni)
#undef GK_DECLARE_OPS

}  // namespace gatun::cpu
