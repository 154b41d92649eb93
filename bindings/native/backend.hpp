// backend.hpp: the list of ops, and what a back end must implement. Arguments are as in kernels.h and have passed the
// checks that need no device; no function retains a pointer.
#pragma once

#include <cstdint>

#include "gatun/kernels.h"

// The ops of a graph: OP(name, operands, their names). From this list come Backend's functions, those of the two back
// ends that pass them on, and the declarations of the kernels they pass them to: name(queue or pool, operands) in
// kernels-cuda/ops.hpp and kernels-cpu/ops.hpp. An op that one back end has no kernel for does not link.
#define GK_OPS(OP)                                                                                                    \
  /* drawn: NULL where no token is meant by it. */                                                                    \
  OP(embed, (const gk_source &table, const gk_tensor &tokens, const gk_tensor *drawn, const gk_tensor &y),            \
     (table, tokens, drawn, y))                                                                                       \
  OP(rmsNorm, (const gk_tensor &x, const float *weight, float eps, const gk_tensor &y), (x, weight, eps, y))          \
  OP(addRmsNorm,                                                                                                      \
     (const gk_tensor &residual, const gk_tensor &delta, const float *weight, float eps, const gk_tensor &y),         \
     (residual, delta, weight, eps, y))                                                                               \
  OP(addBias, (const gk_tensor &x, const float *bias), (x, bias))                                                     \
  OP(gatherRows, (const gk_tensor &x, const gk_tensor &rows, const gk_tensor &y), (x, rows, y))                       \
  OP(gatherCols, (const gk_tensor &x, const gk_tensor &order, const gk_tensor &y), (x, order, y))                     \
  OP(quantize, (const gk_tensor &x, const gk_tensor &y), (x, y))                                                      \
  OP(matMul, (const gk_weight &weight, const gk_tensor &x, const gk_tensor &y), (weight, x, y))                       \
  OP(qkv,                                                                                                             \
     (const gk_weight &q, const gk_weight &k, const gk_weight &v, const gk_tensor &x, const gk_tensor &yq,            \
      const gk_tensor &yk, const gk_tensor &yv),                                                                      \
     (q, k, v, x, yq, yk, yv))                                                                                        \
  OP(gateUp, (const gk_weight &gate, const gk_weight &up, const gk_tensor &x, const gk_tensor &y), (gate, up, x, y))  \
  OP(gated, (const gk_tensor &gate, const gk_tensor &up, const gk_tensor &y), (gate, up, y))                          \
  OP(ropeTable, (const gk_batch &batch, const float *invFreq, int32_t dim, float scale, float *table),                \
     (batch, invFreq, dim, scale, table))                                                                             \
  OP(ropeStore,                                                                                                       \
     (const gk_rope &rope, const gk_batch &batch, const gk_tensor &q, const gk_tensor &k, const gk_tensor &v,         \
      const gk_cache &cache),                                                                                         \
     (rope, batch, q, k, v, cache))                                                                                   \
  OP(attention,                                                                                                       \
     (const gk_batch &batch, const gk_tensor &q, const gk_cache &cache, float scale, int32_t compute,                 \
      const gk_tensor &y),                                                                                            \
     (batch, q, cache, scale, compute, y))                                                                            \
  OP(latentStore,                                                                                                     \
     (const gk_rope &rope, const gk_batch &batch, const gk_tensor &q, const gk_tensor &kv, const gk_tensor &absorbed, \
      const gk_cache &cache),                                                                                         \
     (rope, batch, q, kv, absorbed, cache))                                                                           \
  OP(headMatMul, (const gk_weight &weight, const gk_tensor &x, const gk_tensor &y), (weight, x, y))                   \
  OP(route, (const gk_router &router, const gk_tensor &logits, const gk_tensor &ids, const gk_tensor &weights),       \
     (router, logits, ids, weights))                                                                                  \
  OP(localExperts, (const gk_tensor &ids, const gk_tensor &table, const gk_tensor &local), (ids, table, local))       \
  OP(expertGateUp,                                                                                                    \
     (const gk_weight &gate, const gk_weight &up, const gk_tensor &x, const gk_tensor &ids, const gk_tensor &y),      \
     (gate, up, x, ids, y))                                                                                           \
  OP(expertDown, (const gk_weight &down, const gk_tensor &h, const gk_tensor &ids, const gk_tensor &y),               \
     (down, h, ids, y))                                                                                               \
  /* shared: NULL where nothing is added. */                                                                          \
  OP(expertCombine, (const gk_tensor &x, const gk_tensor &weights, const gk_tensor *shared, const gk_tensor &y),      \
     (x, weights, shared, y))                                                                                         \
  OP(sample,                                                                                                          \
     (const gk_tensor &logits, const gk_sampling *sampling, const gk_tensor *masks, const gk_tensor &tokens,          \
      float *probabilities),                                                                                          \
     (logits, sampling, masks, tokens, probabilities))

// (a, b) as part of a longer list: name(queue, GK_LIST (a, b)).
#define GK_LIST(...) __VA_ARGS__

namespace gatun {

constexpr int64_t maxExpertGroups = 1024;  // that gk_route chooses among

class Backend {
 public:
  virtual ~Backend();
  Backend(const Backend &) = delete;
  Backend &operator=(const Backend &) = delete;

  virtual void sync() = 0;
  virtual int64_t workspaceBytes(const gk_limits &limits) = 0;
  virtual void workspace(void *data, int64_t bytes) = 0;

  virtual int64_t packedBytes(const gk_source &source) = 0;
  virtual void pack(const gk_source &source, void *destination) = 0;
  virtual void dequantize(gk_dtype dtype, const void *source, int64_t count, float *destination) = 0;
  virtual void unpack(const gk_weight &weight, int64_t expert, int64_t firstRow, const gk_tensor &y) = 0;

  virtual const char *matMulKernel(const gk_weight &weight, const gk_tensor &x) = 0;
  virtual int64_t cachePageBytes(const gk_cache &cache) = 0;

#define GK_VIRTUAL(name, operands, names) virtual void name operands = 0;
  GK_OPS(GK_VIRTUAL)
#undef GK_VIRTUAL

  virtual double measureRead(const void *buffer, int64_t bytes, int32_t repeats) = 0;
  virtual double measureInt8() = 0;
  virtual double measureBf16() = 0;

 protected:
  // Out of line, like the destructor: a back end is compiled once an instruction set, and an inline function of
  // this class would be emitted with the widest of them for everybody.
  Backend();
};

}  // namespace gatun

struct gk_queue {
  gatun::Backend *backend;
};
