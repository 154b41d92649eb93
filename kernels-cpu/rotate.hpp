// rotate.hpp: what RoPE and the norms before it do to one head, in place.
#pragma once

#include "gatun/kernels.h"
#include "simd.hpp"

namespace gatun::cpu::GK_ISA {

// head = head / sqrt(mean(head^2) + eps) * weight; dim a multiple of 16.
static inline void normalize(float *head, const float *weight, float eps, int64_t dim) {
  F32x16 squares = zero();
  for (int64_t i = 0; i < dim; i += 16) {
    const F32x16 a = load(head + i);
    squares = fma(a, a, squares);
  }
  const F32x16 scale = splat(1.0f / __builtin_sqrtf(sum(squares) / static_cast<float>(dim) + eps));
  for (int64_t i = 0; i < dim; i += 16) {
    store(head + i, load(head + i) * scale * load(weight + i));
  }
}

static inline void rotateHalves(float *head, const float *cosines, const float *sines, int64_t half) {
  for (int64_t i = 0; i < half; i += 16) {
    const int64_t n = half - i < 16 ? half - i : 16;
    const F32x16 a = load(head + i, n), b = load(head + half + i, n);
    const F32x16 c = load(cosines + i, n), s = load(sines + i, n);
    store(head + i, a * c - b * s, n);
    store(head + half + i, b * c + a * s, n);
  }
}

static inline void rotatePairs(float *head, const float *cosines, const float *sines, int64_t half) {
  for (int64_t i = 0; i < half; ++i) {
    const float a = head[2 * i], b = head[2 * i + 1];
    head[2 * i] = a * cosines[i] - b * sines[i];
    head[2 * i + 1] = b * cosines[i] + a * sines[i];
  }
}

// Turns the first rope.dim elements by the position of row `token` of the step.
static inline void rotate(float *head, const gk_rope &rope, int64_t token) {
  const int64_t half = rope.dim / 2;
  const float *const cosines = rope.table + token * rope.dim;
  if (rope.style == GK_ROPE_HALF_SPLIT) {
    rotateHalves(head, cosines, cosines + half, half);
  } else {
    rotatePairs(head, cosines, cosines + half, half);
  }
}

}  // namespace gatun::cpu::GK_ISA
