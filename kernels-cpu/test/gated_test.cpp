// gated_test.cpp: Gated against double precision and bit-equal on every instruction set and number of threads, as
// floats and quantised; and the names of the kernels that serve products. Bound: 4e-7 relative, an exponential within 2
// units in the last place and four roundings.
#include <cmath>
#include <string>

#include "contract.hpp"

using namespace gatun::test;

namespace {

void refuses(int32_t status, const char *text, int line) {
  CHECK(status == GK_BAD_ARGUMENT && std::strcmp(gk_last_error(), text) == 0, "(line %d) status %d: \"%s\"", line,
        status, status == GK_OK ? "" : gk_last_error());
}
#define REFUSES(call, text) refuses(call, text, __LINE__)

void checkShape(int64_t rows, int64_t cols) {
  Random random(static_cast<uint64_t>(rows * 1000 + cols));
  const int64_t stride = cols + 16;
  const Array<float> gate(rows * stride, random, 30), up(rows * stride, random);
  std::unique_ptr<Array<float>> first;
  for (int isa = GK_ISA_PLAIN; isa <= bestIsa(); ++isa) {
    for (const int threads : {1, 3}) {
      const Queue queue(threads, isa);
      auto y = std::make_unique<Array<float>>(rows * cols);
      const gk_tensor g = tensor(gate.data(), rows, cols, stride), u = tensor(up.data(), rows, cols, stride),
                      ys = tensor(y->data(), rows, cols);
      OK(gk_gated(queue, &g, &u, &ys));
      double worst = 0;
      for (int64_t i = 0; i < rows * cols; ++i) {
        const int64_t at = i / cols * stride + i % cols;
        const auto a = static_cast<double>(gate[at]);
        const double expected = a / (1 + std::exp(-a)) * static_cast<double>(up[at]);
        worst = std::fmax(worst, std::fabs(static_cast<double>((*y)[i]) - expected) / (std::fabs(expected) + 1e-30));
      }
      CHECK(worst < 4e-7, "%ldx%ld: off by %g", static_cast<long>(rows), static_cast<long>(cols), worst);
      for (const int32_t dtype : {GK_A8, GK_A16, GK_BF16}) {
        if (cols % GK_ACTIVATION_BLOCK == 0) {
          int64_t bytes = 0;
          OK(gk_activation_row_bytes(dtype, cols, &bytes));
          const Array<uint8_t> direct(rows * bytes), after(rows * bytes);
          const gk_tensor ds = {direct.data(), rows, cols, 0, dtype, 0}, as = {after.data(), rows, cols, 0, dtype, 0};
          OK(gk_gated(queue, &g, &u, &ds));
          OK(gk_quantize(queue, &ys, &as));
          CHECK(direct.sameBits(after), "isa %d type %d", isa, dtype);
        }
      }
      const Array<float> inPlace(rows * stride);
      std::memcpy(inPlace.data(), gate.data(), static_cast<size_t>(rows * stride) * sizeof(float));
      const gk_tensor both = tensor(inPlace.data(), rows, cols, stride);
      OK(gk_gated(queue, &both, &u, &both));
      for (int64_t r = 0; r < rows; ++r) {
        CHECK(std::memcmp(&inPlace[r * stride], &(*y)[r * cols], static_cast<size_t>(cols) * sizeof(float)) == 0);
      }
      if (!first) {
        first = std::move(y);
      } else {
        CHECK(y->sameBits(*first), "isa %d, %d threads", isa, threads);
      }
    }
  }
}

void refusesWrongProducts(gk_queue *queue) {
  Array<float> memory(4 * 32);
  memory.fillBytes(0);
  gk_tensor gate = tensor(memory.data(), 4, 32), up = gate;
  const auto gated = [&] { return gk_gated(queue, &gate, &up, &up); };
  OK(gated());
  gate.rows = 3;
  REFUSES(gated(), "gk_gated: rows of a product is 3, y.rows is 4");
  gate.rows = 4, gate.cols = 31;
  REFUSES(gated(), "gk_gated: cols of a product is 31, y.cols is 32");
  gate.cols = 32, up.dtype = GK_A8;
  REFUSES(gated(), "gk_gated: up.dtype is A8 (66), expected F32");
}

void namesKernels(gk_queue *queue) {
  gk_weight weight = {nullptr, 64, 64, 1, 0, GK_Q4_0, 0};
  gk_tensor x = {nullptr, 1, 64, 64, GK_F32, 0};
  const char *name = nullptr;
  const auto kernel = [&] { return gk_mat_mul_kernel(queue, &weight, &x, &name); };
  OK(kernel());
  CHECK(std::string(name) == "mat_mul_fp32, plain", "%s", name);
  x.dtype = GK_A16;
  OK(kernel());
  CHECK(std::string(name) == "mat_mul_int8, plain", "%s", name);
  weight.dtype = GK_BF16;
  REFUSES(kernel(), "gk_mat_mul_kernel: x.dtype is A16, expected F32 with weight.dtype BF16");
  x.dtype = GK_BF16;
  REFUSES(kernel(), "gk_mat_mul_kernel: x.dtype is BF16 (30), expected F32, A8 or A16");
  weight.rows = 0;
  REFUSES(kernel(), "gk_mat_mul_kernel: weight.rows is 0, expected 1 to 1073741824");
}

}  // namespace

int main() {
  for (const int64_t cols : {1, 15, 16, 17, 32, 576, 20000}) {
    checkShape(1, cols);
    checkShape(5, cols);
  }
  const Queue queue(1, GK_ISA_PLAIN);
  refusesWrongProducts(queue);
  namesKernels(queue);
  return finish();
}
