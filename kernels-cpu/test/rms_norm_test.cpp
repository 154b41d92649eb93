// rms_norm_test.cpp: RmsNorm, AddRmsNorm and GatherRows against double precision, and bit-equal on every instruction
// set and number of threads. Bound: 4e-7 relative, a few roundings of fp32 and those of a sum of 16 lanes.
#include <cmath>

#include "contract.hpp"

using namespace gatun::test;

namespace {

void checkShape(int64_t rows, int64_t cols) {
  Random random(static_cast<uint64_t>(rows * 1000 + cols));
  const int64_t stride = cols + 16;
  const float eps = 1e-6f;
  const Array<float> x(rows * stride, random), delta(rows * stride, random), weight(cols, random);
  std::vector<double> expected, sums;
  for (int64_t r = 0; r < rows; ++r) {
    double squares = 0;
    for (int64_t i = 0; i < cols; ++i) {
      const float sum = x[r * stride + i] + delta[r * stride + i];
      sums.push_back(static_cast<double>(sum));
      squares += static_cast<double>(sum) * static_cast<double>(sum);
    }
    const double scale = 1 / std::sqrt(squares / static_cast<double>(cols) + static_cast<double>(eps));
    for (int64_t i = 0; i < cols; ++i) {
      expected.push_back(sums[static_cast<size_t>(r * cols + i)] * scale * static_cast<double>(weight[i]));
    }
  }
  std::unique_ptr<Array<float>> first;
  for (int isa = GK_ISA_PLAIN; isa <= bestIsa(); ++isa) {
    for (int threads : {1, 2, 3, 8}) {
      const Queue queue(threads, isa);
      auto y = std::make_unique<Array<float>>(rows * cols);
      const Array<float> residual(rows * stride);
      std::memcpy(residual.data(), x.data(), static_cast<size_t>(rows * stride) * sizeof(float));
      const gk_tensor xs = tensor(residual.data(), rows, cols, stride), d = tensor(delta.data(), rows, cols, stride),
                      ys = tensor(y->data(), rows, cols);
      OK(gk_add_rms_norm(queue, &xs, &d, weight.data(), eps, &ys));
      double worst = 0;
      for (int64_t i = 0; i < rows * cols; ++i) {
        const double e = expected[static_cast<size_t>(i)];
        worst = std::fmax(worst, std::fabs(static_cast<double>((*y)[i]) - e) / (std::fabs(e) + 1e-12));
        CHECK(static_cast<double>(residual[i / cols * stride + i % cols]) == sums[static_cast<size_t>(i)]);
      }
      CHECK(worst < 4e-7, "%ldx%ld: off by %g", static_cast<long>(rows), static_cast<long>(cols), worst);
      OK(gk_rms_norm(queue, &xs, weight.data(), eps, &xs));  // in place, of the sum: the same result
      for (int64_t r = 0; r < rows; ++r) {
        CHECK(std::memcmp(&residual[r * stride], &(*y)[r * cols], static_cast<size_t>(cols) * sizeof(float)) == 0);
      }
      if (!first) {
        first = std::move(y);
      } else {
        CHECK(y->sameBits(*first), "isa %d, %d threads", isa, threads);
      }
    }
  }
}

void gathers() {
  Random random(3);
  const Queue queue(2, GK_ISA_BEST);
  const Array<float> x(5 * 32, random), y(3 * 19);
  const Array<int32_t> rows(std::vector<int32_t>{4, 0, 4});
  const gk_tensor xs = tensor(x.data(), 5, 19, 32), ys = tensor(y.data(), 3, 19), wanted = ids(rows.data(), 1, 3);
  OK(gk_gather_rows(queue, &xs, &wanted, &ys));
  for (int64_t i = 0; i < 3 * 19; ++i) {
    CHECK(y[i] == x[rows[i / 19] * 32 + i % 19]);
  }
}

}  // namespace

int main() {
  for (int64_t cols : {1, 15, 16, 17, 100, 576, 4096}) {
    checkShape(1, cols);
    checkShape(13, cols);
  }
  gathers();
  return finish();
}
