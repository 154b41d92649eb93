// measure_int8.cu: int8 multiply-adds a second with everything in registers: the limit mat_mul is measured against. It
// is that of mma.sync, which mat_mul uses; on compute capability 9.0 wgmma reaches about 1.6 times as much.
#include "device/stopwatch.hpp"
#include "ops.hpp"

namespace gatun::cuda {
namespace {

constexpr int threads = 256, blocksEach = 2;
constexpr int chains = 8;  // more than latency times throughput of the tensor cores
constexpr int32_t rounds = buildKind == GK_CUDA_EMULATED ? 2 : 20000;

// The sums are stored where the host asks for them by `store`: never.
__global__ void __launch_bounds__(threads) multiply(int32_t count, int32_t *store) {
  dependencyWait();
  dependencyTrigger();
  const uint32_t word = 0x01010101u * (threadIdx.x % 2);
  const uint32_t a[4] = {word, 0x01010101u, word, 0x01010101u}, b[2] = {0x01010101u, word};
  int32_t sums[chains][4] = {};
  for (int32_t round = 0; round < count; ++round) {
#pragma unroll
    for (int i = 0; i < chains; ++i) {
      mmaInt8(sums[i], a, b);
    }
  }
  int32_t total = 0;
  for (int i = 0; i < chains; ++i) {
    total += sums[i][0] + sums[i][1] + sums[i][2] + sums[i][3];
  }
  if (total == 1 && store != nullptr) {
    *store = total;
  }
}

}  // namespace

double measureInt8(const Queue &queue) {
  const int64_t blocks = int64_t{queue.multiprocessors} * blocksEach;
  const double seconds =
      Stopwatch(queue).best(4, [&] { launch(queue, {gridOf(blocks), threads}, multiply, rounds, nullptr); });
  return 2.0 * 16 * 8 * 32 * chains * rounds * (threads / 32) * static_cast<double>(blocks) / seconds;
}

}  // namespace gatun::cuda
