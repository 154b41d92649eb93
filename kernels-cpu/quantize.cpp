// quantize.cpp: activations to int8 in blocks of 32. Reads 4 bytes an element and writes 1.25; about six operations.
#include "mat_mul_ops.hpp"
#include "packed.hpp"
#include "simd.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

void quantizeBlock(const float *x, uint8_t *out) {
  const F32x16 a = load(x), b = load(x + 16);
  const float scale = maxOf(max(abs(a), abs(b))) / 127.0f;
  const F32x16 s = splat(scale), limit = splat(127.0f), negative = splat(-127.0f);
  int16_t sums[2] = {0, 0};
  int8_t q[32] = {};
  if (scale > 0) {
    // A subnormal scale is rounded so coarsely that the quotient may leave the range.
    const I32x16 qa = toInt(max(min(a / s, limit), negative)), qb = toInt(max(min(b / s, limit), negative));
    storeI8(q, qa);
    storeI8(q + 16, qb);
    sums[0] = static_cast<int16_t>(sum(qa));
    sums[1] = static_cast<int16_t>(sum(qb));
  }
  __builtin_memcpy(out, &scale, 4);
  __builtin_memcpy(out + 4, sums, 4);
  __builtin_memcpy(out + 8, q, 32);
}

struct Work {
  const gk_tensor &x;
  uint8_t *y;
};

void rows(void *arg, int64_t begin, int64_t end, int) {
  const Work &work = *static_cast<const Work *>(arg);
  const int64_t blocks = work.x.cols / GK_A8_BLOCK;
  for (int64_t r = begin; r < end; r++) {
    const float *x = static_cast<const float *>(work.x.data) + r * work.x.stride;
    for (int64_t b = 0; b < blocks; b++) quantizeBlock(x + b * GK_A8_BLOCK, work.y + (r * blocks + b) * kA8BlockBytes);
  }
}

}  // namespace

void quantize(Pool &pool, const gk_tensor &x, const gk_tensor &y) {
  Work work{x, static_cast<uint8_t *>(y.data)};
  pool.parallelFor(x.rows, 4, rows, &work);
}

}  // namespace gatun::cpu::GK_ISA
