// backend.hpp: what a back end must implement: every op is pure virtual, so a back end without one does not compile.
// Arguments are as in kernels.h and have passed the checks that need no device; no function retains a pointer.
#pragma once

#include <cstdint>

#include "gatun/kernels.h"

namespace gatun {

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

  // drawn: NULL where no token is meant by it.
  virtual void embed(const gk_source &table, const gk_tensor &tokens, const gk_tensor *drawn, const gk_tensor &y) = 0;
  virtual void rmsNorm(const gk_tensor &x, const float *weight, float eps, const gk_tensor &y) = 0;
  virtual void addRmsNorm(const gk_tensor &residual, const gk_tensor &delta, const float *weight, float eps,
                          const gk_tensor &y) = 0;
  virtual void gatherRows(const gk_tensor &x, const gk_tensor &rows, const gk_tensor &y) = 0;
  virtual void gatherCols(const gk_tensor &x, const gk_tensor &order, const gk_tensor &y) = 0;
  virtual void quantize(const gk_tensor &x, const gk_tensor &y) = 0;
  virtual void matMul(const gk_weight &weight, const gk_tensor &x, const gk_tensor &y) = 0;
  virtual void qkv(const gk_weight &q, const gk_weight &k, const gk_weight &v, const gk_tensor &x, const gk_tensor &yq,
                   const gk_tensor &yk, const gk_tensor &yv) = 0;
  virtual void gateUp(const gk_weight &gate, const gk_weight &up, const gk_tensor &x, const gk_tensor &y) = 0;
  virtual void gated(const gk_tensor &gate, const gk_tensor &up, const gk_tensor &y) = 0;
  virtual const char *matMulKernel(const gk_weight &weight, const gk_tensor &x) = 0;
  virtual int64_t cachePageBytes(const gk_cache &cache) = 0;
  virtual void ropeTable(const gk_batch &batch, const float *invFreq, int32_t dim, float scale, float *table) = 0;
  virtual void ropeStore(const gk_rope &rope, const gk_batch &batch, const gk_tensor &q, const gk_tensor &k,
                         const gk_tensor &v, const gk_cache &cache) = 0;
  virtual void attention(const gk_batch &batch, const gk_tensor &q, const gk_cache &cache, float scale,
                         const gk_tensor &y) = 0;
  virtual void route(const gk_tensor &logits, bool normalize, const gk_tensor &ids, const gk_tensor &weights) = 0;
  virtual void expertGateUp(const gk_weight &gate, const gk_weight &up, const gk_tensor &x, const gk_tensor &ids,
                            const gk_tensor &y) = 0;
  virtual void expertDown(const gk_weight &down, const gk_tensor &h, const gk_tensor &ids, const gk_tensor &weights,
                          const gk_tensor &y) = 0;
  virtual void sample(const gk_tensor &logits, const gk_sampling *sampling, const gk_tensor &tokens,
                      float *probabilities) = 0;

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
