// measure_read.cpp: gk_measure_read: every thread reads its own contiguous part, as in a product with weights.
#include <atomic>
#include <chrono>

#include "ops.hpp"

namespace gatun::cpu {

double measureRead(Pool &pool, int32_t (*read)(const void *begin, int64_t lines), const void *buffer, int64_t bytes,
                   int32_t repeats) {
  struct Part {
    int32_t (*read)(const void *, int64_t);
    const char *buffer;
    int64_t lines;
    int threads;
    std::atomic<int32_t> sum;
  } part{read, static_cast<const char *>(buffer), bytes / GK_ALIGNMENT, pool.threads(), 0};
  double best = 0;
  for (int32_t i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    pool.run(
        [](void *arg, int thread) {
          Part &p = *static_cast<Part *>(arg);
          const int64_t begin = p.lines * thread / p.threads;
          const int64_t end = p.lines * (thread + 1) / p.threads;
          p.sum.fetch_xor(p.read(p.buffer + begin * GK_ALIGNMENT, end - begin), std::memory_order_relaxed);
        },
        &part);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    const double rate = static_cast<double>(part.lines * GK_ALIGNMENT) / time.count();
    best = rate > best ? rate : best;
  }
  return best;
}

}  // namespace gatun::cpu
