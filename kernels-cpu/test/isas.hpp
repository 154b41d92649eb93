// isas.hpp: the weight ops of every instruction set that this machine and this build have, for tests and the bench.
#pragma once

#include <vector>

#include "../ops.hpp"

namespace gatun::test {

struct Isa {
  const char *name;
  decltype(&cpu::plain::unpack) unpack;
  decltype(&cpu::plain::quantize) quantize;
  decltype(&cpu::plain::matMul) matMul;
  decltype(&cpu::plain::headMatMul) headMatMul;
  decltype(&cpu::plain::gateUp) gateUp;
  decltype(&cpu::plain::expertGateUp) expertGateUp;
  decltype(&cpu::plain::expertDown) expertDown;
  decltype(&cpu::plain::expertCombine) expertCombine;
  decltype(&cpu::plain::measureInt8) measureInt8;
};

#define GK_ISA_OPS(isa)     \
  {#isa,                    \
   cpu::isa::unpack,        \
   cpu::isa::quantize,      \
   cpu::isa::matMul,        \
   cpu::isa::headMatMul,    \
   cpu::isa::gateUp,        \
   cpu::isa::expertGateUp,  \
   cpu::isa::expertDown,    \
   cpu::isa::expertCombine, \
   cpu::isa::measureInt8}

inline std::vector<Isa> isas() {
  std::vector<Isa> all{GK_ISA_OPS(plain)};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) all.push_back(GK_ISA_OPS(avx2));
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    all.push_back(GK_ISA_OPS(avx512));
    if (__builtin_cpu_supports("avx512vnni")) all.push_back(GK_ISA_OPS(avx512vnni));
  }
#endif
  return all;
}

}  // namespace gatun::test
