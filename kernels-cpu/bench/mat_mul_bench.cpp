// mat_mul_bench.cpp: mat_mul of every type as a share of the machine's limits.
//   mat_mul_bench [threads] [isa or -] [type or -] [cols] [rows]
// Decode (1 to 8 tokens): bytes of packed weights a second, over copies that do not fit a cache. Prefill (512 tokens),
// and 16 tokens, whose weights are read from memory: int8 operations a second, in weights times activations whatever
// the activations' form. Limits: reading with all threads, and dot products in registers.
#include <cstdio>
#include <cstring>

#include "../clock.hpp"
#include "../test/weights.hpp"

using namespace gatun;
using namespace gatun::test;

namespace {

struct Reading {
  const uint64_t *data;
  uint64_t sink;
};

void readChunk(void *arg, int64_t begin, int64_t end, int) {
  Reading &reading = *static_cast<Reading *>(arg);
  uint64_t sums[8] = {};
  for (int64_t i = begin * 8; i < end * 8; i += 8) {
    for (int j = 0; j < 8; j++) sums[j] += reading.data[i + j];
  }
  for (const uint64_t s : sums) {
    if (s == 1) reading.sink = s;
  }
}

double measureRead(cpu::Pool &pool) {
  constexpr int64_t bytes = 256 << 20;
  auto buffer = alignedBytes(bytes);
  std::memset(buffer.get(), 2, bytes);
  Reading reading{reinterpret_cast<const uint64_t *>(buffer.get()), 0};
  double best = 0;
  for (int i = 0; i < 5; i++) {
    const double begin = cpu::secondsNow();
    pool.parallelFor(bytes / 64, 4096, readChunk, &reading);
    best = std::max(best, bytes / (cpu::secondsNow() - begin));
  }
  return best;
}

// The shortest of several calls of op(copy), in seconds.
template <class Op>
double shortest(int copies, double budget, Op op) {
  double best = 1e9;
  const double start = cpu::secondsNow();
  for (int i = 0; i < copies + 2 || cpu::secondsNow() - start < budget; i++) {
    const double begin = cpu::secondsNow();
    op(i % copies);
    const double time = cpu::secondsNow() - begin;
    if (i >= copies) best = std::min(best, time);
  }
  return best;
}

struct Form {
  const char *name;
  gk_tensor Inputs::*activations;
};
constexpr Form kForms[] = {{"A8", &Inputs::int8}, {"A16", &Inputs::int16}, {"F32", &Inputs::fp32}};

void bench(cpu::Pool &pool, const Isa &isa, const TypeName &type, int64_t rows, int64_t cols, double read,
           double peak) {
  const Weights one(pool, type.dtype, rows, cols, 1, 1, 128);
  const int copies = static_cast<int>(std::max<int64_t>(1, (160 << 20) / one.packed.expert_stride));
  auto bytes = alignedBytes(copies * one.packed.expert_stride);
  for (int i = 0; i < copies; i++)
    std::memcpy(bytes.get() + i * one.packed.expert_stride, one.packed.data,
                static_cast<size_t>(one.packed.expert_stride));
  std::vector<float> out;
  for (const Form &form : kForms) {
    if (form.activations != &Inputs::fp32 && cpu::formatOf(type.dtype).bits == 0) continue;
    std::printf("%-10s %-7s %-4s", isa.name, type.name, form.name);
    for (const int tokens : {1, 2, 4, 8, 16, 512}) {
      const Inputs in(pool, tokens, cols, 2);
      const gk_tensor y = tensor(out, tokens, rows);
      gk_weight w = one.packed;
      const double time = shortest(tokens > 16 ? 1 : copies, 0.3, [&](int copy) {
        w.data = bytes.get() + copy * one.packed.expert_stride;
        isa.matMul(pool, w, in.*form.activations, y);
      });
      const double gb = static_cast<double>(one.packed.expert_stride) / time;
      const double ops = 2.0 * tokens * static_cast<double>(rows * cols) / time;
      if (tokens <= 8)
        std::printf("  M=%d %5.1f GB/s %3.0f%%", tokens, gb / 1e9, 100 * gb / read);
      else
        std::printf("  M=%d %6.0f Gop/s %3.0f%%%s", tokens, ops / 1e9, 100 * ops / peak, tokens > 16 ? "\n" : "");
      std::fflush(stdout);
    }
  }
}

}  // namespace

int main(int argc, char **argv) {
  cpu::Pool pool(argc > 1 ? std::atoi(argv[1]) : 1);
  const auto wanted = [&](int i, const char *name) {
    return argc <= i || std::strcmp(argv[i], "-") == 0 || std::strcmp(argv[i], name) == 0;
  };
  const int64_t cols = argc > 4 ? std::atoll(argv[4]) : 4096, rows = argc > 5 ? std::atoll(argv[5]) : 2048;
  const double read = measureRead(pool);
  for (const Isa &isa : isas()) {
    if (!wanted(2, isa.name)) continue;
    const double peak = isa.measureInt8(pool);
    std::printf("%s, %d threads: reads %.1f GB/s, int8 %.0f Gop/s\n", isa.name, pool.threads(), read / 1e9, peak / 1e9);
    for (const TypeName &type : kTypes) {
      if (wanted(3, type.name)) bench(pool, isa, type, rows, cols, read, peak);
    }
  }
}
