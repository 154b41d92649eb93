// measure_bf16.cu: bfloat16 multiply-adds a second with everything in registers: the limit mat_mul is measured against.
// It is that of mma.sync, which mat_mul uses; on compute capability 9.0 wgmma reaches about 1.6 times as much.
#include "device/stopwatch.hpp"
#include "ops.hpp"

namespace gatun::cuda {
namespace {

constexpr int threads = 256, blocksEach = 2;
constexpr int chains = 8;  // more than latency times throughput of the tensor cores
constexpr int32_t rounds = buildKind == GK_CUDA_EMULATED ? 2 : 20000;

// The sums are stored where the host asks for them by `store`: never.
__global__ void __launch_bounds__(threads) multiply(int32_t count, float *store) {
  dependencyWait();
  dependencyTrigger();
  const uint32_t word = 0x3f803f80u * (threadIdx.x % 2);
  const uint32_t a[4] = {word, 0x3f803f80u, word, 0x3f803f80u}, b[2] = {0x3f803f80u, word};
  float sums[chains][4] = {};
  for (int32_t round = 0; round < count; ++round) {
#pragma unroll
    for (int i = 0; i < chains; ++i) {
      mmaBf16(sums[i], a, b);
    }
  }
  float total = 0;
  for (int i = 0; i < chains; ++i) {
    total += sums[i][0] + sums[i][1] + sums[i][2] + sums[i][3];
  }
  if (total == 1 && store != nullptr) {
    *store = total;
  }
}

}  // namespace

double measureBf16(const Queue &queue) {
  const int64_t blocks = int64_t{queue.multiprocessors} * blocksEach;
  const double seconds =
      Stopwatch(queue).best(4, [&] { launch(queue, {gridOf(blocks), threads}, multiply, rounds, nullptr); });
  return 2.0 * 16 * 8 * 16 * chains * rounds * (threads / 32) * static_cast<double>(blocks) / seconds;
}

}  // namespace gatun::cuda
