// ops.hpp: what the CPU back end is made of, as kernels.h states it; arguments have passed the checks of dispatch.
#pragma once

#include <cstdint>

#include "backend.hpp"
#include "gatun/kernels.h"
#include "pool.hpp"

namespace gatun::cpu {

// ---- the same for every instruction set ----

int64_t packedBytes(const gk_source &source);
void pack(Pool &pool, const gk_source &source, void *destination);
void dequantize(Pool &pool, int32_t dtype, const void *source, int64_t count, float *destination);
// drawn: NULL where no entry of tokens is negative.
void embed(Pool &pool, const gk_source &table, const gk_tensor &tokens, const gk_tensor *drawn, const gk_tensor &y);
void gatherRows(Pool &pool, const gk_tensor &x, const gk_tensor &rows, const gk_tensor &y);
void gatherCols(Pool &pool, const gk_tensor &x, const gk_tensor &order, const gk_tensor &y);
void localExperts(const gk_tensor &ids, const gk_tensor &table, const gk_tensor &local);
void ropeTable(Pool &pool, const gk_batch &batch, const float *invFreq, int32_t dim, float scale, float *table);
// masks: NULL where no row has one.
void sample(Pool &pool, const gk_tensor &logits, const gk_sampling *sampling, const gk_tensor *masks,
            const gk_tensor &tokens, float *probabilities);

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
void checkIds(const gk_tensor &ids, const char *name, int64_t end, const char *endName, int64_t begin = 0);
// That every entry is a row of the table or, where tokens were drawn, -1 - k of one of them.
void checkTokens(const gk_tensor &tokens, const gk_tensor *drawn, int64_t rows);
void checkSampling(const gk_sampling *sampling, const gk_tensor &logits, const gk_tensor *masks);
[[noreturn]] void refuseBf16();

// ---- once an instruction set: every op, and what is no op of a graph ----

#define GK_DECLARE(name, operands, names) void name(Pool &pool, GK_LIST operands);
#define GK_DECLARE_OPS(isa)                                                                               \
  namespace isa {                                                                                         \
  GK_OPS(GK_DECLARE)                                                                                      \
  void unpack(Pool &pool, const gk_weight &weight, int64_t expert, int64_t firstRow, const gk_tensor &y); \
  const char *matMulKernel(const gk_tensor &x);                                                           \
  int32_t readLines(const void *begin, int64_t lines);                                                    \
  double measureInt8(Pool &pool);                                                                         \
  }
GK_DECLARE_OPS(plain)
GK_DECLARE_OPS(avx2)
GK_DECLARE_OPS(avx512)
GK_DECLARE_OPS(avx512vnni)
#undef GK_DECLARE_OPS
#undef GK_DECLARE

}  // namespace gatun::cpu
