// ops.hpp: the ops of the CUDA back end, as kernels.h states them: arguments are checked, their arrays lie on the
// device.
#pragma once

#include <cstdint>

#include "gatun/kernels.h"
#include "queue.hpp"

namespace gatun::cuda {

int64_t packedBytes(const gk_source &source);
void pack(const Queue &queue, const gk_source &source, void *destination);
void dequantize(const Queue &queue, gk_dtype dtype, const void *source, int64_t count, float *destination);
void unpack(const Queue &queue, const gk_weight &weight, int64_t expert, int64_t firstRow, const gk_tensor &y);
// drawn: NULL where no token is meant by it.
void embed(const Queue &queue, const gk_source &table, const gk_tensor &tokens, const gk_tensor *drawn,
           const gk_tensor &y);
void rmsNorm(const Queue &queue, const gk_tensor &x, const float *weight, float eps, const gk_tensor &y);
void addRmsNorm(const Queue &queue, const gk_tensor &residual, const gk_tensor &delta, const float *weight, float eps,
                const gk_tensor &y);
void gatherRows(const Queue &queue, const gk_tensor &x, const gk_tensor &rows, const gk_tensor &y);
void gatherCols(const Queue &queue, const gk_tensor &x, const gk_tensor &order, const gk_tensor &y);
void quantize(const Queue &queue, const gk_tensor &x, const gk_tensor &y);
void matMul(const Queue &queue, const gk_weight &weight, const gk_tensor &x, const gk_tensor &y);
void qkv(const Queue &queue, const gk_weight &q, const gk_weight &k, const gk_weight &v, const gk_tensor &x,
         const gk_tensor &yq, const gk_tensor &yk, const gk_tensor &yv);
void gateUp(const Queue &queue, const gk_weight &gate, const gk_weight &up, const gk_tensor &x, const gk_tensor &y);
void gated(const Queue &queue, const gk_tensor &gate, const gk_tensor &up, const gk_tensor &y);
const char *matMulKernel(const gk_weight &weight, const gk_tensor &x);
int64_t cachePageBytes(const gk_cache &cache);
void ropeTable(const Queue &queue, const gk_batch &batch, const float *invFreq, int32_t dim, float scale, float *table);
void ropeStore(const Queue &queue, const gk_rope &rope, const gk_batch &batch, const gk_tensor &q, const gk_tensor &k,
               const gk_tensor &v, const gk_cache &cache);
void attention(const Queue &queue, const gk_batch &batch, const gk_tensor &q, const gk_cache &cache, float scale,
               const gk_tensor &y);
void route(const Queue &queue, const gk_tensor &logits, bool normalize, const gk_tensor &ids, const gk_tensor &weights);
void expertGateUp(const Queue &queue, const gk_weight &gate, const gk_weight &up, const gk_tensor &x,
                  const gk_tensor &ids, const gk_tensor &y);
void expertDown(const Queue &queue, const gk_weight &down, const gk_tensor &h, const gk_tensor &ids,
                const gk_tensor &weights, const gk_tensor &y);
void sample(const Queue &queue, const gk_tensor &logits, const gk_sampling *sampling, const gk_tensor &tokens,
            float *probabilities);
double measureRead(const Queue &queue, const void *buffer, int64_t bytes, int32_t repeats);
double measureInt8(const Queue &queue);
double measureBf16(const Queue &queue);

// ---- parts of ops: which serves depends on x ----

// x GK_A8 or GK_A16, of 1 to 16 rows.
void matMulVec(const Queue &queue, const gk_weight &weight, const gk_tensor &x, const gk_tensor &y);
void qkvVec(const Queue &queue, const gk_weight &q, const gk_weight &k, const gk_weight &v, const gk_tensor &x,
            const gk_tensor &yq, const gk_tensor &yk, const gk_tensor &yv);
void gateUpVec(const Queue &queue, const gk_weight &gate, const gk_weight &up, const gk_tensor &x, const gk_tensor &y);
// x GK_A8 or GK_A16, of any number of rows; made for more than 16.
void matMulTiles(const Queue &queue, const gk_weight &weight, const gk_tensor &x, const gk_tensor &y);
void gateUpTiles(const Queue &queue, const gk_weight &gate, const gk_weight &up, const gk_tensor &x,
                 const gk_tensor &y);
// x GK_F32.
void matMulFloat(const Queue &queue, const gk_weight &weight, const gk_tensor &x, const gk_tensor &y);
void gateUpFloat(const Queue &queue, const gk_weight &gate, const gk_weight &up, const gk_tensor &x,
                 const gk_tensor &y);

// Bytes of workspace that each op needs for steps up to the limits.
int64_t attentionWorkspaceBytes(const Queue &queue, const gk_limits &limits);

}  // namespace gatun::cuda
