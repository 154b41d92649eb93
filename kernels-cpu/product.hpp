// product.hpp: rows of activations times the tiles of one matrix, or of the matrices that each row has chosen.
#pragma once

#include <gatun/kernels.h>

#include "ops.hpp"

namespace gatun::cpu::GK_ISA {

// Row p of y is row p / inputUses of x times matrix ids[p] (0 where ids is null), transposed. With `up`: silu of that,
// times the same with `up`. Both stacks have the same shape and type.
struct Product {
  const gk_weight &weight;
  const gk_weight *up;
  const gk_tensor &x;
  const gk_tensor *ids;  // (rows / ids->cols, ids->cols), read row by row
  int64_t inputUses;
  int64_t rows;  // of y
  float *y;
  int64_t yStride;
};

// A row's result does not depend on the other rows.
void multiply(Pool &pool, Product product);

}  // namespace gatun::cpu::GK_ISA
