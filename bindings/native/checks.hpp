// checks.hpp: what every op checks before it touches memory. A refusal names argument, found and expected;
// the guard puts the op before it.
#pragma once

#include <cstdint>

#include "backend.hpp"
#include "gatun/kernels.h"

namespace gatun::checks {

// The largest row or column count of any operand: products of two of them stay far from overflow.
inline constexpr int64_t maxExtent = int64_t{1} << 30;

// Refuses with GK_BAD_ARGUMENT.
[[noreturn]] __attribute__((format(printf, 1, 2))) void refuse(const char *format, ...);

const char *dtypeName(int32_t dtype);
// Weights of one block; 0 for what is not a format of weights.
int64_t blockWeights(int32_t dtype);
bool isGrouped(int32_t dtype);    // GK_AWQ, GK_GPTQ
bool isScattered(int32_t dtype);  // those and GK_F8: codes and scales lie in arrays of their own
bool isBlocked(int32_t dtype);    // GK_A8, GK_A16
bool isQuantized(int32_t dtype);  // those and GK_BF16: what gk_quantize writes

void present(const void *pointer, const char *name);
void aligned(const void *pointer, const char *name, uintptr_t alignment);
// A float array that must or may be there.
void floats(const float *pointer, const char *name);
void optionalFloats(const float *pointer, const char *name);
void equal(const char *name, int64_t value, const char *otherName, int64_t other);
void within(const char *name, int64_t value, int64_t least, int64_t most);
void finite(const char *name, float value);
// An epsilon: finite, 0 or more.
void epsilon(const char *name, float value);

Backend &backend(const gk_queue *queue);
// Shape, stride, alignment and type of activations: all start at GK_ALIGNMENT but GK_I32, at 4.
void tensor(const gk_tensor *tensor, const char *name, int32_t dtype);
// As tensor, of GK_A8, GK_A16 or GK_BF16.
void quantized(const gk_tensor *tensor, const char *name);
// As tensor, of GK_F32, GK_A8 or GK_A16: what a matrix is multiplied with.
void factor(const gk_tensor *tensor, const char *name);
// As tensor, of GK_F32, GK_A8, GK_A16 or GK_BF16: a result that may be quantised.
void result(const gk_tensor *tensor, const char *name);
// As tensor, of GK_F32 or GK_BF16.
void unpacked(const gk_tensor *tensor, const char *name);
// Shape and type of a checkpoint's matrix, and its pointers where they are to be read.
void shape(const gk_source *source, const char *name);
void source(const gk_source *source, const char *name);
// Shape and type of a packed matrix; all of it. `experts`: a stack is allowed.
void weightShape(const gk_weight *weight, const char *name);
void weight(Backend &backend, const gk_weight *weight, const char *name, bool experts);
void sameShape(const gk_weight &a, const char *nameA, const gk_weight &b, const char *nameB);
// That x may be multiplied with the weight: columns, and integers only with quantised weights.
void multiplies(const gk_weight &weight, const char *weightName, const gk_tensor &x, const char *xName);
// The second half of that.
void takes(const gk_weight &weight, const char *weightName, const gk_tensor &x, const char *xName);
// Heads of `width` elements that make up a row.
int64_t headsOf(const gk_tensor &tensor, const char *name, int64_t width);
void cacheShape(const gk_cache *cache);
void cache(const gk_cache *cache);
void batch(const gk_batch *batch);
void limits(const gk_limits *limits);

}  // namespace gatun::checks
