// ops.hpp: the ops of the CUDA back end, as kernels.h states them: arguments are checked, their arrays lie on the
// device.
#pragma once

#include <cstdint>

#include "backend.hpp"
#include "device/queue.hpp"
#include "gatun/kernels.h"

namespace gatun::cuda {

int64_t packedBytes(const gk_source &source);
void pack(const Queue &queue, const gk_source &source, void *destination);
void dequantize(const Queue &queue, gk_dtype dtype, const void *source, int64_t count, float *destination);
void unpack(const Queue &queue, const gk_weight &weight, int64_t expert, int64_t firstRow, const gk_tensor &y);
const char *matMulKernel(const gk_weight &weight, const gk_tensor &x);
int64_t cachePageBytes(const gk_cache &cache);
double measureRead(const Queue &queue, const void *buffer, int64_t bytes, int32_t repeats);
double measureInt8(const Queue &queue);
double measureBf16(const Queue &queue);

#define GK_DECLARE(name, operands, names) void name(const Queue &queue, GK_LIST operands);
GK_OPS(GK_DECLARE)
#undef GK_DECLARE

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

// Bytes of workspace that ops need for steps up to the limits.
int64_t attentionWorkspaceBytes(const Queue &queue, const gk_limits &limits);
int64_t sortWorkspaceBytes(int64_t tokens);

}  // namespace gatun::cuda
