// rms_norm.cpp: RmsNorm, AddRmsNorm.
//
// Bytes moved: a row is read once from memory and again from the L1 cache, and written once: 8 cols, 16 cols with the
// addition. Operations: 4 cols a row, 5 with the addition. The sum of squares has 16 lanes, by column mod 16.
#include "quantized.hpp"
#include "simd.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

constexpr int64_t elementsWorthThreads = 1 << 14;

struct Norm {
  const gk_tensor *x;
  const gk_tensor *delta;  // NULL: nothing to add
  const float *weight;
  float eps;
  const gk_tensor *y;
};

float *row(const gk_tensor &t, int64_t r) { return static_cast<float *>(t.data) + r * t.stride; }

float sumOfSquares(const float *x, int64_t cols) {
  F32x16 squares = zero();
  int64_t i = 0;
  for (; i + 16 <= cols; i += 16) {
    const F32x16 a = load(x + i);
    squares = fma(a, a, squares);
  }
  if (i < cols) {
    const F32x16 a = load(x + i, cols - i);
    squares = fma(a, a, squares);
  }
  return sum(squares);
}

void add(float *x, const float *delta, int64_t cols) {
  for (int64_t i = 0; i < cols; ++i) {
    x[i] += delta[i];
  }
}

void normRows(void *arg, int64_t begin, int64_t end, int) {
  const Norm &norm = *static_cast<const Norm *>(arg);
  const int64_t cols = norm.x->cols;
  for (int64_t r = begin; r < end; ++r) {
    float *const x = row(*norm.x, r);
    float *const y = row(*norm.y, r);
    if (norm.delta != nullptr) {
      add(x, row(*norm.delta, r), cols);
    }
    const float scale = 1.0f / __builtin_sqrtf(sumOfSquares(x, cols) / static_cast<float>(cols) + norm.eps);
    for (int64_t i = 0; i < cols; ++i) {
      y[i] = x[i] * scale * norm.weight[i];
    }
  }
}

void run(Pool &pool, Norm norm) {
  const int64_t rows = norm.x->rows;
  const bool few = rows * norm.x->cols < elementsWorthThreads;
  pool.parallelFor(rows, few ? rows + 1 : (rows + 4 * pool.threads() - 1) / (4 * pool.threads()), normRows, &norm);
}

}  // namespace

void rmsNorm(Pool &pool, const gk_tensor &x, const float *weight, float eps, const gk_tensor &y) {
  quantized(pool, y, [&](const gk_tensor &floats) { run(pool, {&x, nullptr, weight, eps, &floats}); });
}

void addRmsNorm(Pool &pool, const gk_tensor &residual, const gk_tensor &delta, const float *weight, float eps,
                const gk_tensor &y) {
  quantized(pool, y, [&](const gk_tensor &floats) { run(pool, {&residual, &delta, weight, eps, &floats}); });
}

}  // namespace gatun::cpu::GK_ISA
