// kernels.hpp: what the multiplications of one tile with a few tokens have in common with the ops that call them.
#pragma once

#include "tile.hpp"

namespace gatun::cpu::GK_ISA {

// One token's 32 activations, ready for one type of weights; one cache line. Those of GK_A16 are two: `q` of the first
// is the low digit, of the second the high digit, and everything else of the second is unused.
struct Activations {
  int8_t q[32];
  float scale;
  float sum[2];      // scale * sum of the activations' integers, of each run of columns that share a weight scale
  int32_t start[2];  // where a run's dot product starts: -offset * that sum
  int32_t unused[3];
};
static_assert(sizeof(Activations) == 64);

// Tokens that one call multiplies: 1, 2, 4, 8 or 16.
constexpr int kMaxTokens = 16;
// As above for fp32 activations: 1, 2 or 4.
constexpr int kMaxFloatTokens = 4;

// y [tokens][16] = x [blocks][tokens][digits] times the tile.
using Int8Kernel = void (*)(const uint8_t *tile, const TileShape &shape, const Activations *x, float *y);
// y [tokens][16] = x [tokens](cols) times the tile.
using FloatKernel = void (*)(const uint8_t *tile, const TileShape &shape, const float *const *x, float *y);
// out [cols][16]: the tile's weights, itself a GK_F32 tile.
using Expansion = void (*)(const uint8_t *tile, const TileShape &shape, float *out);

// Null where the type takes fp32 activations only. digits: 1 or 2; there are kernels of 2 for 1, 4 and 16 tokens.
Int8Kernel int8Kernel(int32_t dtype, int digits, int tokens);
FloatKernel floatKernel(int32_t dtype, int tokens);
Expansion expansion(int32_t dtype);

// A row of activations of 1 or 2 digits for a type of weights; block b goes to to[b * step] and what follows it.
void prepare(int32_t dtype, int digits, const uint8_t *row, int64_t blocks, Activations *to, int64_t step);

}  // namespace gatun::cpu::GK_ISA
