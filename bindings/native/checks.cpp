// checks.cpp: the refusals of checks.hpp.
#include "checks.hpp"

#include <cmath>
#include <cstdarg>
#include <cstdio>

#include "guard.hpp"

namespace gatun::checks {
namespace {

using Text = char[400];

long long wide(int64_t value) { return static_cast<long long>(value); }

struct Format {
  int32_t dtype;
  const char *name;
  int64_t block;  // weights; 0: not a format of weights
};

// Sizes of blocks: gguf/constants.py, GGML_QUANT_SIZES. AWQ and GPTQ have no block but a group of columns, F8 squares
// that may be cut off anywhere.
constexpr Format formats[] = {
    {GK_F32, "F32", 1},     {GK_F16, "F16", 1},        {GK_BF16, "BF16", 1},       {GK_Q4_0, "Q4_0", 32},
    {GK_Q4_1, "Q4_1", 32},  {GK_Q5_0, "Q5_0", 32},     {GK_Q5_1, "Q5_1", 32},      {GK_Q8_0, "Q8_0", 32},
    {GK_Q2_K, "Q2_K", 256}, {GK_Q3_K, "Q3_K", 256},    {GK_Q4_K, "Q4_K", 256},     {GK_Q5_K, "Q5_K", 256},
    {GK_Q6_K, "Q6_K", 256}, {GK_IQ4_NL, "IQ4_NL", 32}, {GK_IQ4_XS, "IQ4_XS", 256}, {GK_AWQ, "AWQ", 32},
    {GK_GPTQ, "GPTQ", 32},  {GK_I32, "I32", 0},        {GK_A8, "A8", 0},           {GK_A16, "A16", 0},
    {GK_F8, "F8", 1},       {GK_TURBO4, "TURBO4", 0},  {GK_TURBO3, "TURBO3", 0},
};

const Format *format(int32_t dtype) {
  for (const Format &f : formats) {
    if (f.dtype == dtype) {
      return &f;
    }
  }
  return nullptr;
}

void matrix(const char *name, int64_t rows, int64_t cols, int32_t dtype, int32_t group) {
  Text field;
  std::snprintf(field, sizeof field, "%s.rows", name);
  within(field, rows, 1, maxExtent);
  std::snprintf(field, sizeof field, "%s.cols", name);
  within(field, cols, 1, maxExtent);
  const int64_t block = blockWeights(dtype);
  if (block == 0) {
    refuse("%s.dtype is %s (%d), expected a format of weights", name, dtypeName(dtype), dtype);
  }
  if (cols % block != 0) {
    refuse("%s.cols is %lld, expected a multiple of %lld, the block of %s", name, wide(cols), wide(block),
           dtypeName(dtype));
  }
  if (dtype == GK_F8) {
    Text groupField;
    std::snprintf(groupField, sizeof groupField, "%s.group", name);
    equal(groupField, group, "GK_SQUARE", GK_SQUARE);
  } else if (!isGrouped(dtype)) {
    if (group != 0) {
      refuse("%s.group is %d, expected 0 for %s", name, group, dtypeName(dtype));
    }
  } else if (group < 32 || group % 32 != 0 || cols % group != 0) {
    refuse("%s.group is %d, expected a multiple of 32 that divides %s.cols, which is %lld", name, group, name,
           wide(cols));
  }
}

// The scales of GK_F8: few, so that each is looked at.
void squareScales(const gk_source &source, const char *name) {
  aligned(source.scales, name, alignof(float));
  const auto *scales = static_cast<const float *>(source.scales);
  const int64_t across = (source.cols + GK_SQUARE - 1) / GK_SQUARE;
  const int64_t count = (source.rows + GK_SQUARE - 1) / GK_SQUARE * across;
  for (int64_t i = 0; i < count; i++) {
    if (!(std::fabs(scales[i]) < 256)) {
      refuse("%s[%lld][%lld] is %g, expected a magnitude below 256", name, wide(i / across), wide(i % across),
             static_cast<double>(scales[i]));
    }
  }
}

void rows(const gk_tensor &t, const char *name, uintptr_t alignment) {
  Text field;
  std::snprintf(field, sizeof field, "%s.rows", name);
  within(field, t.rows, 0, maxExtent);
  std::snprintf(field, sizeof field, "%s.cols", name);
  within(field, t.cols, 1, maxExtent);
  std::snprintf(field, sizeof field, "%s.data", name);
  aligned(t.data, field, alignment);
  if (isQuantized(t.dtype)) {
    if (t.cols % GK_ACTIVATION_BLOCK != 0) {
      refuse("%s.cols is %lld, expected a multiple of %d for %s", name, wide(t.cols), GK_ACTIVATION_BLOCK,
             dtypeName(t.dtype));
    }
  } else if (t.stride < t.cols || t.stride > maxExtent) {
    refuse("%s.stride is %lld, expected at least %s.cols, which is %lld, and at most %lld", name, wide(t.stride), name,
           wide(t.cols), wide(maxExtent));
  }
}

}  // namespace

void refuse(const char *formatText, ...) {
  Text text;
  va_list values;
  va_start(values, formatText);
  std::vsnprintf(text, sizeof text, formatText, values);
  va_end(values);
  throw Error(GK_BAD_ARGUMENT, "%s", text);
}

const char *dtypeName(int32_t dtype) {
  const Format *f = format(dtype);
  return f != nullptr ? f->name : "unknown";
}

int64_t blockWeights(int32_t dtype) {
  const Format *f = format(dtype);
  return f != nullptr ? f->block : 0;
}

bool isGrouped(int32_t dtype) { return dtype == GK_AWQ || dtype == GK_GPTQ; }

bool isScattered(int32_t dtype) { return isGrouped(dtype) || dtype == GK_F8; }

bool isBlocked(int32_t dtype) { return dtype == GK_A8 || dtype == GK_A16; }

bool isQuantized(int32_t dtype) { return isBlocked(dtype) || dtype == GK_BF16; }

void present(const void *pointer, const char *name) {
  if (pointer == nullptr) {
    refuse("%s is NULL", name);
  }
}

void aligned(const void *pointer, const char *name, uintptr_t alignment) {
  present(pointer, name);
  const uintptr_t excess = reinterpret_cast<uintptr_t>(pointer) % alignment;
  if (excess != 0) {
    refuse("%s is %lld bytes past a multiple of %lld, expected that alignment", name, static_cast<long long>(excess),
           static_cast<long long>(alignment));
  }
}

void floats(const float *pointer, const char *name) { aligned(pointer, name, alignof(float)); }

void optionalFloats(const float *pointer, const char *name) {
  if (pointer != nullptr) {
    floats(pointer, name);
  }
}

void equal(const char *name, int64_t value, const char *otherName, int64_t other) {
  if (value != other) {
    refuse("%s is %lld, %s is %lld", name, wide(value), otherName, wide(other));
  }
}

void within(const char *name, int64_t value, int64_t least, int64_t most) {
  if (value < least || value > most) {
    refuse("%s is %lld, expected %lld to %lld", name, wide(value), wide(least), wide(most));
  }
}

void finite(const char *name, float value) {
  if (!std::isfinite(value)) {
    refuse("%s is %g, expected a finite number", name, static_cast<double>(value));
  }
}

void epsilon(const char *name, float value) {
  if (!std::isfinite(value) || value < 0) {
    refuse("%s is %g, expected a finite number, 0 or more", name, static_cast<double>(value));
  }
}

Backend &backend(const gk_queue *queue) {
  present(queue, "queue");
  return *queue->backend;
}

void tensor(const gk_tensor *tensor, const char *name, int32_t dtype) {
  present(tensor, name);
  if (tensor->dtype != dtype) {
    refuse("%s.dtype is %s (%d), expected %s", name, dtypeName(tensor->dtype), tensor->dtype, dtypeName(dtype));
  }
  rows(*tensor, name, dtype == GK_I32 ? alignof(int32_t) : GK_ALIGNMENT);
}

void quantized(const gk_tensor *tensor, const char *name) {
  present(tensor, name);
  if (!isQuantized(tensor->dtype)) {
    refuse("%s.dtype is %s (%d), expected A8, A16 or BF16", name, dtypeName(tensor->dtype), tensor->dtype);
  }
  rows(*tensor, name, GK_ALIGNMENT);
}

void factor(const gk_tensor *tensor, const char *name) {
  present(tensor, name);
  if (tensor->dtype != GK_F32 && !isBlocked(tensor->dtype)) {
    refuse("%s.dtype is %s (%d), expected F32, A8 or A16", name, dtypeName(tensor->dtype), tensor->dtype);
  }
  rows(*tensor, name, GK_ALIGNMENT);
}

void result(const gk_tensor *tensor, const char *name) {
  present(tensor, name);
  if (tensor->dtype != GK_F32 && !isQuantized(tensor->dtype)) {
    refuse("%s.dtype is %s (%d), expected F32, A8, A16 or BF16", name, dtypeName(tensor->dtype), tensor->dtype);
  }
  rows(*tensor, name, GK_ALIGNMENT);
}

void unpacked(const gk_tensor *tensor, const char *name) {
  present(tensor, name);
  if (tensor->dtype != GK_F32 && tensor->dtype != GK_BF16) {
    refuse("%s.dtype is %s (%d), expected F32 or BF16", name, dtypeName(tensor->dtype), tensor->dtype);
  }
  rows(*tensor, name, GK_ALIGNMENT);
}

void shape(const gk_source *source, const char *name) {
  present(source, name);
  matrix(name, source->rows, source->cols, source->dtype, source->group);
}

void source(const gk_source *source, const char *name) {
  shape(source, name);
  Text field;
  std::snprintf(field, sizeof field, "%s.data", name);
  present(source->data, field);
  const bool grouped = isGrouped(source->dtype);
  std::snprintf(field, sizeof field, "%s.zeros", name);
  if (grouped) {
    present(source->zeros, field);
  }
  std::snprintf(field, sizeof field, "%s.scales", name);
  if (grouped) {
    present(source->scales, field);
  } else if (source->dtype == GK_F8) {
    squareScales(*source, field);
  }
  if (source->order != nullptr && source->dtype != GK_GPTQ) {
    refuse("%s.order is given for %s, expected NULL for all but GPTQ", name, dtypeName(source->dtype));
  }
  std::snprintf(field, sizeof field, "%s.zero_offset", name);
  within(field, source->zero_offset, 0, grouped ? 1 : 0);
  // Four-bit columns or rows lie eight to an int32.
  if (grouped && source->rows % 8 != 0) {
    refuse("%s.rows is %lld, expected a multiple of 8 for %s", name, wide(source->rows), dtypeName(source->dtype));
  }
}

void weightShape(const gk_weight *weight, const char *name) {
  present(weight, name);
  matrix(name, weight->rows, weight->cols, weight->dtype, weight->group);
}

void weight(Backend &backend, const gk_weight *weight, const char *name, bool experts) {
  weightShape(weight, name);
  Text field;
  std::snprintf(field, sizeof field, "%s.data", name);
  aligned(weight->data, field, GK_ALIGNMENT);
  std::snprintf(field, sizeof field, "%s.experts", name);
  within(field, weight->experts, 1, experts ? 65536 : 1);
  if (weight->experts > 1) {
    gk_source one = {};
    one.rows = weight->rows;
    one.cols = weight->cols;
    one.dtype = weight->dtype;
    one.group = weight->group;
    const int64_t bytes = backend.packedBytes(one);
    if (weight->expert_stride < bytes || weight->expert_stride % GK_ALIGNMENT != 0 ||
        weight->expert_stride > (int64_t{1} << 46)) {
      refuse("%s.expert_stride is %lld, expected a multiple of %d of at least %lld", name, wide(weight->expert_stride),
             GK_ALIGNMENT, wide(bytes));
    }
  }
}

void sameShape(const gk_weight &a, const char *nameA, const gk_weight &b, const char *nameB) {
  Text fieldA;
  Text fieldB;
  const auto compare = [&](const char *field, int64_t valueA, int64_t valueB) {
    std::snprintf(fieldA, sizeof fieldA, "%s.%s", nameA, field);
    std::snprintf(fieldB, sizeof fieldB, "%s.%s", nameB, field);
    equal(fieldA, valueA, fieldB, valueB);
  };
  compare("rows", a.rows, b.rows);
  compare("cols", a.cols, b.cols);
  compare("experts", a.experts, b.experts);
  compare("dtype", a.dtype, b.dtype);
  compare("group", a.group, b.group);
}

void multiplies(const gk_weight &weight, const char *weightName, const gk_tensor &x, const char *xName) {
  Text fieldX;
  Text fieldWeight;
  std::snprintf(fieldX, sizeof fieldX, "%s.cols", xName);
  std::snprintf(fieldWeight, sizeof fieldWeight, "%s.cols", weightName);
  equal(fieldX, x.cols, fieldWeight, weight.cols);
  takes(weight, weightName, x, xName);
}

void takes(const gk_weight &weight, const char *weightName, const gk_tensor &x, const char *xName) {
  if (isBlocked(x.dtype) && blockWeights(weight.dtype) == 1) {
    refuse("%s.dtype is %s, expected F32 with %s.dtype %s", xName, dtypeName(x.dtype), weightName,
           dtypeName(weight.dtype));
  }
}

int64_t headsOf(const gk_tensor &tensor, const char *name, int64_t width) {
  if (tensor.cols % width != 0) {
    refuse("%s.cols is %lld, expected a multiple of %lld, the width of a head", name, wide(tensor.cols), wide(width));
  }
  return tensor.cols / width;
}

static void cacheType(const char *name, int32_t dtype, int32_t headDim) {
  switch (dtype) {
    case GK_F32:
    case GK_F16:
    case GK_BF16:
    case GK_F8:
      return;
    case GK_Q8_0:
    case GK_Q4_0:
    case GK_TURBO4:
    case GK_TURBO3:
      if (headDim % 32 != 0) {
        refuse("%s is %s, expected cache.head_dim a multiple of 32, it is %d", name, dtypeName(dtype), headDim);
      }
      return;
    default:
      refuse("%s is %s (%d), expected F32, F16, BF16, F8, Q8_0, Q4_0, TURBO4 or TURBO3", name, dtypeName(dtype), dtype);
  }
}

static void latentShape(const gk_cache &cache) {
  if (cache.latent < 32 || cache.latent > 512 || cache.latent % 32 != 0 || cache.latent >= cache.head_dim) {
    refuse("cache.latent is %d, expected 0, or a multiple of 32 up to 512 and less than cache.head_dim, which is %d",
           cache.latent, cache.head_dim);
  }
  within("cache.kv_heads of a latent cache", cache.kv_heads, 1, 1);
  equal("cache.value_dtype of a latent cache", cache.value_dtype, "cache.key_dtype", cache.key_dtype);
  if (cache.key_dtype == GK_Q4_0 || cache.key_dtype == GK_TURBO4 || cache.key_dtype == GK_TURBO3) {
    refuse("cache.key_dtype is %s, expected F32, F16, BF16, F8 or Q8_0 of a latent cache", dtypeName(cache.key_dtype));
  }
}

void cacheShape(const gk_cache *cache) {
  present(cache, "cache");
  within("cache.kv_heads", cache->kv_heads, 1, 65536);
  const int32_t most = cache->latent == 0 ? 256 : 640;
  if (cache->head_dim < 16 || cache->head_dim > most || cache->head_dim % 16 != 0) {
    refuse("cache.head_dim is %d, expected a multiple of 16 up to %d", cache->head_dim, most);
  }
  if (cache->latent != 0) {
    latentShape(*cache);
  }
  cacheType("cache.key_dtype", cache->key_dtype, cache->head_dim);
  cacheType("cache.value_dtype", cache->value_dtype, cache->head_dim);
}

void cache(const gk_cache *cache) {
  cacheShape(cache);
  aligned(cache->pages, "cache.pages", GK_ALIGNMENT);
  within("cache.page_count", cache->page_count, 1, INT32_MAX);
}

void batch(const gk_batch *batch) {
  present(batch, "batch");
  within("batch.tokens", batch->tokens, 0, maxExtent);
  within("batch.sequences", batch->sequences, 1, maxExtent);
  within("batch.max_pages", batch->max_pages, 1, 1 << 20);
  within("batch.singles", batch->singles, 0, batch->tokens);
  aligned(batch->position, "batch.position", alignof(int32_t));
  aligned(batch->sequence, "batch.sequence", alignof(int32_t));
  aligned(batch->page_table, "batch.page_table", alignof(int32_t));
}

void limits(const gk_limits *limits) {
  present(limits, "limits");
  within("limits.tokens", limits->tokens, 1, maxExtent);
  within("limits.heads", limits->heads, 1, 65536);
  within("limits.latent", limits->latent, 0, 512);
  within("limits.head_dim", limits->head_dim, 16, limits->latent == 0 ? 256 : 640);
  within("limits.context", limits->context, 1, maxExtent);
}

}  // namespace gatun::checks
