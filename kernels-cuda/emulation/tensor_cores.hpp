// tensor_cores.hpp: the dialect's words that all lanes of a warp execute as one: products of small matrices and loads
// of their operands. Integers are exact. Floats: every product is exact and added to d in fp32, ascending in k; a GPU
// adds several at once in an order and with a truncation of its own, so results differ in the last bits.
#pragma once

#include <cstdint>

#include "emulation/machine.hpp"

namespace gatun::cuda {

void mmaInt8(int32_t (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
             emulation::Site where = emulation::Site::current());
void mmaInt8Half(int32_t (&d)[4], uint32_t a0, uint32_t a1, uint32_t b,
                 emulation::Site where = emulation::Site::current());
inline void mmaInt8From(int32_t start, int32_t (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
                        emulation::Site where = emulation::Site::current()) {
  d[0] = d[1] = d[2] = d[3] = start;
  mmaInt8(d, a, b, where);
}
inline void mmaInt8HalfFrom(int32_t start, int32_t (&d)[4], uint32_t a0, uint32_t a1, uint32_t b,
                            emulation::Site where = emulation::Site::current()) {
  d[0] = d[1] = d[2] = d[3] = start;
  mmaInt8Half(d, a0, a1, b, where);
}
void mmaF16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
            emulation::Site where = emulation::Site::current());
void mmaBf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
             emulation::Site where = emulation::Site::current());
void loadMatrices(uint32_t (&r)[4], const void *row, emulation::Site where = emulation::Site::current());
void loadMatricesTransposed(uint32_t (&r)[4], const void *row, emulation::Site where = emulation::Site::current());

}  // namespace gatun::cuda
