// cpu_queue.cpp: which instruction set a CPU queue runs, chosen at run time.
#include "guard.hpp"
#include "queues.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace gatun {
namespace cpu {
namespace plain {
Backend *makeBackend(int32_t threads);
}
namespace avx2 {
Backend *makeBackend(int32_t threads);
}
namespace avx512 {
Backend *makeBackend(int32_t threads);
}
namespace avx512vnni {
Backend *makeBackend(int32_t threads);
}
}  // namespace cpu

namespace {

const char *isaName(int32_t isa) {
  switch (isa) {
    case GK_ISA_PLAIN:
      return "plain";
    case GK_ISA_AVX2:
      return "avx2";
    case GK_ISA_AVX512:
      return "avx512";
    default:
      return "avx512vnni";
  }
}

#if defined(__x86_64__)
// __builtin_cpu_supports says yes only where the system saves the registers too.
int32_t bestIsa() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  const bool f16c = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !f16c) {
    return GK_ISA_PLAIN;
  }
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl")) {
    return GK_ISA_AVX2;
  }
  return __builtin_cpu_supports("avx512vnni") ? GK_ISA_AVX512_VNNI : GK_ISA_AVX512;
}

Backend *make(int32_t threads, int32_t isa) {
  switch (isa) {
    case GK_ISA_PLAIN:
      return cpu::plain::makeBackend(threads);
    case GK_ISA_AVX2:
      return cpu::avx2::makeBackend(threads);
    case GK_ISA_AVX512:
      return cpu::avx512::makeBackend(threads);
    default:
      return cpu::avx512vnni::makeBackend(threads);
  }
}
#else
int32_t bestIsa() { return GK_ISA_PLAIN; }

Backend *make(int32_t threads, int32_t) { return cpu::plain::makeBackend(threads); }
#endif

}  // namespace

int32_t cpuBestIsa() { return bestIsa(); }

Backend *makeCpuBackend(int32_t threads, int32_t isa) {
  const int32_t best = bestIsa();
  if (isa > best) {
    throw Error(GK_UNSUPPORTED, "isa is %s, the widest this machine and this build have is %s", isaName(isa),
                isaName(best));
  }
  return make(threads, isa == GK_ISA_BEST ? best : isa);
}

}  // namespace gatun
