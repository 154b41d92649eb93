// quantize.cpp: activations to one or two int8 digits in blocks of 32, or to bfloat16. Reads 4 bytes an element and
// writes 1.25, 2.4 or 2; about six operations, or twelve.
#include "ops.hpp"
#include "packed.hpp"
#include "simd.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

// a / divisor, at most `limit` from 0, rounded.
I32x16 quotient(F32x16 a, float divisor, float limit) {
  return toInt(max(min(a / splat(divisor), splat(limit)), splat(-limit)));
}

float maxOf(const float *x) { return maxOf(max(abs(load(x)), abs(load(x + 16)))); }

void block8(const float *x, uint8_t *out) {
  const float scale = maxOf(x) / 127.0f;
  int16_t sums[2] = {0, 0};
  int8_t q[32] = {};
  if (scale > 0) {
    // A subnormal scale is rounded so coarsely that the quotient may leave the range.
    const I32x16 qa = quotient(load(x), scale, 127.0f), qb = quotient(load(x + 16), scale, 127.0f);
    storeI8(q, qa);
    storeI8(q + 16, qb);
    sums[0] = static_cast<int16_t>(sum(qa));
    sums[1] = static_cast<int16_t>(sum(qb));
  }
  __builtin_memcpy(out, &scale, 4);
  __builtin_memcpy(out + 4, sums, 4);
  __builtin_memcpy(out + 8, q, 32);
}

void block16(const float *x, uint8_t *out) {
  constexpr float most = kDigit * 127 + 127;
  const float scale = maxOf(x) / most;
  int32_t sums[2] = {0, 0};
  int8_t high[32] = {}, low[32] = {};
  if (scale > 0) {
    for (int i = 0; i < 2; i++) {
      const I32x16 q = quotient(load(x + 16 * i), scale, most);
      const I32x16 h = quotient(toFloat(q), kDigit, 127.0f);  // the limit is for 127.5, which would go to 128
      storeI8(high + 16 * i, h);
      storeI8(low + 16 * i, q - (shiftLeft<8>(h) - shiftLeft<1>(h)));
      sums[i] = sum(q);
    }
  }
  __builtin_memcpy(out, &scale, 4);
  __builtin_memcpy(out + 4, sums, 8);
  __builtin_memcpy(out + 12, high, 32);
  __builtin_memcpy(out + 44, low, 32);
}

void blockBf16(const float *x, uint8_t *out) {
  auto *bits = reinterpret_cast<uint16_t *>(out);
  storeBf16(bits, load(x));
  storeBf16(bits + 16, load(x + 16));
}

struct Work {
  const gk_tensor &x, &y;
};

void rows(void *arg, int64_t begin, int64_t end, int) {
  const Work &work = *static_cast<const Work *>(arg);
  const auto block = work.y.dtype == GK_A16 ? block16 : work.y.dtype == GK_A8 ? block8 : blockBf16;
  const int64_t blocks = work.x.cols / GK_ACTIVATION_BLOCK, bytes = activationBlockBytes(work.y.dtype);
  for (int64_t r = begin; r < end; r++) {
    const float *x = static_cast<const float *>(work.x.data) + r * work.x.stride;
    uint8_t *y = static_cast<uint8_t *>(work.y.data) + r * blocks * bytes;
    for (int64_t b = 0; b < blocks; b++) block(x + b * GK_ACTIVATION_BLOCK, y + b * bytes);
  }
}

}  // namespace

void quantize(Pool &pool, const gk_tensor &x, const gk_tensor &y) {
  Work work{x, y};
  pool.parallelFor(x.rows, 4, rows, &work);
}

}  // namespace gatun::cpu::GK_ISA
