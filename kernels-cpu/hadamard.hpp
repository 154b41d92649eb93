// hadamard.hpp: the orthonormal Walsh-Hadamard matrix times a head, which is its own inverse.
#pragma once

#include "simd.hpp"

namespace gatun::cpu::GK_ISA {

// a and b become their sum and difference.
static inline void butterfly(float *a, float *b, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const float x = a[i], y = b[i];
    a[i] = x + y;
    b[i] = x - y;
  }
}

// Multiplies each run of elements, as long as the greatest power of two that divides dim: sums of neighbours first.
static inline void hadamard(float *head, int64_t dim) {
  const int64_t length = dim & -dim;
  for (int64_t stride = 1; stride < length; stride *= 2) {
    for (int64_t i = 0; i < dim; i += 2 * stride) {
      butterfly(head + i, head + i + stride, stride);
    }
  }
  const F32x16 scale = splat(1.0f / __builtin_sqrtf(static_cast<float>(length)));
  for (int64_t i = 0; i < dim; i += 16) {
    store(head + i, load(head + i) * scale);
  }
}

}  // namespace gatun::cpu::GK_ISA
