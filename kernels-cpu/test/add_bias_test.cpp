// add_bias_test.cpp: AddBias is one addition an element, the same on every instruction set and number of threads, and
// leaves alone what lies between rows.
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
  const int64_t stride = cols + 3;
  const Array<float> x(rows * stride, random), bias(cols, random), expected(rows * stride), sum(rows * stride);
  const auto bytes = static_cast<size_t>(rows * stride) * sizeof(float);
  std::memcpy(expected.data(), x.data(), bytes);
  for (int64_t i = 0; i < rows * cols; ++i) {
    expected[i / cols * stride + i % cols] += bias[i % cols];
  }
  for (int isa = GK_ISA_PLAIN; isa <= bestIsa(); ++isa) {
    for (const int threads : {1, 3}) {
      const Queue queue(threads, isa);
      std::memcpy(sum.data(), x.data(), bytes);
      const gk_tensor t = tensor(sum.data(), rows, cols, stride);
      OK(gk_add_bias(queue, &t, bias.data()));
      CHECK(sum.sameBits(expected), "%ldx%ld, isa %d, %d threads", static_cast<long>(rows), static_cast<long>(cols),
            isa, threads);
    }
  }
}

void refusesWrongOperands() {
  const Queue queue(1, GK_ISA_PLAIN);
  Array<float> memory(4 * 32);
  memory.fillBytes(0);
  gk_tensor x = tensor(memory.data(), 4, 32);
  REFUSES(gk_add_bias(queue, &x, nullptr), "gk_add_bias: bias is NULL");
  x.dtype = GK_A8;
  REFUSES(gk_add_bias(queue, &x, memory.data()), "gk_add_bias: x.dtype is A8 (66), expected F32");
}

}  // namespace

int main() {
  for (const int64_t cols : {1, 15, 16, 576, 20000}) {
    checkShape(1, cols);
    checkShape(7, cols);
  }
  refusesWrongOperands();
  return finish();
}
