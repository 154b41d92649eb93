// head_mat_mul_test.cpp: a matrix for each head against mat_mul of one head after the other, bit for bit.
#include "weights.hpp"

using namespace gatun;
using namespace gatun::test;

namespace {

constexpr int64_t gap = 32;  // elements of a head that are no part of the product

// Columns of head h of the rows of x, which have `width` columns a head, as a tensor of their own.
struct Head {
  Head(const gk_tensor &x, int64_t h, int64_t width, int64_t cols) {
    const int64_t unit = x.dtype == GK_F32 ? 4 : x.dtype == GK_A16 ? 76 : 40, block = x.dtype == GK_F32 ? 1 : 32;
    const int64_t from = x.cols / block * unit, bytes = cols / block * unit;
    data = alignedBytes(x.rows * bytes);
    for (int64_t r = 0; r < x.rows; r++) {
      std::memcpy(data.get() + r * bytes, static_cast<const uint8_t *>(x.data) + r * from + h * width / block * unit,
                  size_t(bytes));
    }
    tensor = {data.get(), x.rows, cols, cols, x.dtype, 0};
  }
  std::unique_ptr<uint8_t, Free> data;
  gk_tensor tensor;
};

void check(const TypeName &type, gk_tensor Inputs::*form, int64_t tokens, int64_t heads, int64_t rows, int64_t cols) {
  cpu::Pool one(1), three(3);
  const Weights weights(one, type.dtype, rows, cols, heads, 7);
  const int64_t width = cols + gap, to = rows + 5;
  const Inputs x(one, tokens, heads * width, 11);
  const Isa plain = isas()[0];
  std::vector<float> expected, part;
  tensor(expected, tokens, heads * to);
  std::fill(expected.begin(), expected.end(), -7.0f);  // what is not written is kept
  for (int64_t h = 0; h < heads; h++) {
    const Head own(x.*form, h, width, cols);
    gk_weight matrix = weights.packed;
    matrix.data = static_cast<const uint8_t *>(matrix.data) + h * matrix.expert_stride, matrix.experts = 1;
    plain.matMul(one, matrix, own.tensor, tensor(part, tokens, rows));
    for (int64_t t = 0; t < tokens; t++) {
      std::memcpy(&expected[size_t(t * heads * to + h * to)], &part[size_t(t * rows)], size_t(rows) * 4);
    }
  }
  for (const Isa &isa : isas()) {
    for (cpu::Pool *pool : {&one, &three}) {
      std::vector<float> y;
      const gk_tensor out = tensor(y, tokens, heads * to);
      std::fill(y.begin(), y.end(), -7.0f);
      isa.headMatMul(*pool, weights.packed, x.*form, out);
      CHECK(std::memcmp(y.data(), expected.data(), y.size() * 4) == 0, "%s %s, %ld tokens, %ld heads of %ld x %ld",
            isa.name, type.name, long(tokens), long(heads), long(rows), long(cols));
    }
  }
}

}  // namespace

int main() {
  for (const int64_t tokens : {1, 3, 40}) {
    check({GK_F32, "F32"}, &Inputs::fp32, tokens, 4, 64, 32);
    check({GK_BF16, "BF16"}, &Inputs::fp32, tokens, 16, 40, 64);
    for (gk_tensor Inputs::*form : {&Inputs::fp32, &Inputs::int8, &Inputs::int16}) {
      check({GK_Q8_0, "Q8_0"}, form, tokens, 5, 72, 128);
      check({GK_Q4_0, "Q4_0"}, form, tokens, 3, 16, 64);
      check({GK_Q4_K, "Q4_K"}, form, tokens, 2, 24, 512);
    }
  }
  check({GK_Q8_0, "Q8_0"}, &Inputs::int8, 2, 128, 32, 32);
  return finish();
}
