// read_lines.cpp: the inner loop of gk_measure_read. Bytes moved: 64 a line. Operations: one vector addition a line.
#include "ops.hpp"
#include "simd.hpp"

namespace gatun::cpu::GK_ISA {

int32_t readLines(const void *begin, int64_t lines) {
  const auto *p = static_cast<const int32_t *>(begin);
  I32x16 a = splat(0), b = a, c = a, d = a;
  int64_t i = 0;
  for (; i + 4 <= lines; i += 4, p += 64) {
    a = a + load(p);
    b = b + load(p + 16);
    c = c + load(p + 32);
    d = d + load(p + 48);
  }
  for (; i < lines; ++i, p += 16) {
    a = a + load(p);
  }
  return sum((a + b) + (c + d));
}

}  // namespace gatun::cpu::GK_ISA
