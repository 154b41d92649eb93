// measure_read.cu: bytes a second at which all multiprocessors read a buffer: the limit of every product with few rows.
// Grid: four blocks a multiprocessor, each thread eight loads of 16 bytes at a time.
#include "device/stopwatch.hpp"
#include "ops.hpp"

namespace gatun::cuda {
namespace {

constexpr int threads = 256, ahead = 8, blocksEach = 4;

// Reads as products read their weights; the buffer is one that no kernel writes meanwhile.
// What was read is folded into a word, and that is stored if it is one which the host asks for by `store`: never.
__global__ void __launch_bounds__(threads) readAll(const uint4 *from, int64_t count, uint32_t *store) {
  dependencyWait();
  dependencyTrigger();
  uint32_t folded = 0;
  const int64_t step = int64_t{gridDim.x} * threads * ahead;
  for (int64_t begin = int64_t{blockIdx.x} * threads * ahead + threadIdx.x; begin < count; begin += step) {
    uint4 v[ahead];
#pragma unroll
    for (int j = 0; j < ahead; ++j) {
      const int64_t i = begin + j * threads;
      v[j] = i < count ? loadWeight(from + i) : make_uint4(0, 0, 0, 0);
    }
#pragma unroll
    for (int j = 0; j < ahead; ++j) {
      folded ^= v[j].x ^ v[j].y ^ v[j].z ^ v[j].w;
    }
  }
  if (folded == 1 && store != nullptr) {
    *store = folded;
  }
}

}  // namespace

double measureRead(const Queue &queue, const void *buffer, int64_t bytes, int32_t repeats) {
  constexpr int64_t line = GK_ALIGNMENT, piece = sizeof(uint4);
  const int64_t read = bytes / line * line;
  const int64_t blocks = ceilDiv(read / piece, threads * ahead), most = int64_t{queue.multiprocessors} * blocksEach;
  const double seconds = Stopwatch(queue).best(repeats, [&] {
    launch(queue, {gridOf(blocks < most ? blocks : most), threads}, readAll, static_cast<const uint4 *>(buffer),
           read / piece, nullptr);
  });
  return static_cast<double>(read) / seconds;
}

}  // namespace gatun::cuda
