// head.hpp: what a warp does to one head of one token in shared memory before it is stored: norm, rotation, rounding.
// Bit-equal to the CPU, sums of squares too: they have 16 lanes, by element mod 16.
#pragma once

#include "attention/cache_page.hpp"

namespace gatun::cuda {

__device__ __forceinline__ int laneId() { return static_cast<int>(threadIdx.x % 32); }

// Of the lanes by element mod 16.
__device__ __forceinline__ float sumOfSixteen(float partial) {
  for (int mask = 8; mask > 0; mask /= 2) {
    partial += shuffleXor(partial, mask);
  }
  return partial;
}

// x = x / sqrt(mean(x^2) + eps) * weight; dim a multiple of 16.
__device__ __forceinline__ void normalize(float *x, const float *weight, float eps, int dim) {
  float squares = 0;
  for (int i = laneId() % 16; i < dim; i += 16) {
    squares = fmaf(x[i], x[i], squares);
  }
  const float scale = 1.0f / sqrtf(sumOfSixteen(squares) / static_cast<float>(dim) + eps);
  __syncwarp();
  for (int i = laneId(); i < dim; i += 32) {
    x[i] = x[i] * scale * weight[i];
  }
  __syncwarp();
}

// Turns the first rope.dim elements by the position of row `token` of the step.
__device__ __forceinline__ void rotate(float *x, const gk_rope &rope, int64_t token) {
  const int half = rope.dim / 2;
  const float *const cosines = rope.table + token * rope.dim;
  for (int i = laneId(); i < half; i += 32) {
    float &first = x[rope.style == GK_ROPE_HALF_SPLIT ? i : 2 * i];
    float &second = x[rope.style == GK_ROPE_HALF_SPLIT ? half + i : 2 * i + 1];
    const float a = first, b = second, c = cosines[i], s = cosines[half + i];
    first = a * c - b * s;
    second = b * c + a * s;
  }
  __syncwarp();
}

// Turns a head into codes of GK_Q8_0 or GK_Q4_0, as floats, and puts the scale of block b at scales[at(b)].
template <class At>
__device__ __forceinline__ void quantizeHead(float *head, int type, int dim, uint16_t *scales, const At &at) {
  for (int block = 0; block < dim / scaleBlock; ++block) {
    const float x = head[block * scaleBlock + laneId()];
    float most = fabsf(x);
    for (int mask = 16; mask > 0; mask /= 2) {
      most = fmaxf(most, shuffleXor(most, mask));
    }
    // Of GK_Q4_0 the first element of greatest magnitude; there is none where the block holds no number.
    const uint32_t greatest = ballot(fabsf(x) == most);
    const int first = 31 - leadingZeros(greatest & (~greatest + 1));
    const float extreme = shuffle(x, greatest == 0 ? 0 : first);
    const float scale = type == GK_Q8_0 ? most / 127.0f : extreme / -8.0f;
    const float low = type == GK_Q8_0 ? -127.0f : -8.0f, high = type == GK_Q8_0 ? 127.0f : 7.0f;
    // A subnormal scale is rounded so coarsely that the quotient may leave the range.
    head[block * scaleBlock + laneId()] = scale == 0 ? 0.0f : rintf(fmaxf(fminf(x / scale, high), low));
    if (laneId() == 0) {
      scales[at(block)] = toF16(scale);
    }
  }
  __syncwarp();
}

__device__ __forceinline__ uint32_t byteOf(float code) { return static_cast<uint32_t>(static_cast<int>(code)) & 0xffu; }

}  // namespace gatun::cuda
