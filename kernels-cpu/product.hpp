// product.hpp: rows of activations times the tiles of one matrix, or of the matrices that each row has chosen.
#pragma once

#include <gatun/kernels.h>

#include "ops.hpp"

namespace gatun::cpu::GK_ISA {

// Where row p lies: at p / group * outer + p % group * inner.
struct Rows {
  int64_t group, outer, inner;
  int64_t at(int64_t p) const { return p / group * outer + p % group * inner; }
};

// Row p of y is row p of x times matrix ids[p] (p % experts where ids is null), transposed; where ids[p] is -1 it is
// not touched. With `up`: silu of that, times the same with `up`. Both stacks have the same shape and type.
struct Product {
  const gk_weight &weight;
  const gk_weight *up;
  const gk_tensor &x;
  const gk_tensor *ids;  // (rows / ids->cols, ids->cols), read row by row
  Rows xRows;            // in bytes
  int64_t rows;          // of y
  float *y;
  Rows yRows;  // in floats
};

// Bytes from the first of a row's `cols` activations to what follows them.
int64_t activationBytes(const gk_tensor &x, int64_t cols);

// Bytes between rows of x.
inline int64_t rowBytes(const gk_tensor &x) {
  return x.dtype == GK_F32 ? x.stride * int64_t{sizeof(float)} : activationBytes(x, x.cols);
}

// A row's result does not depend on the other rows.
void multiply(Pool &pool, Product product);

}  // namespace gatun::cpu::GK_ISA
