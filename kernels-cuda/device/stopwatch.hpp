// stopwatch.hpp: the time that work on a queue takes, for measurements.
#pragma once

#include <algorithm>
#include <chrono>

#include "device/queue.hpp"

namespace gatun::cuda {

class Stopwatch {
 public:
  explicit Stopwatch(const Queue &queue) : queue_(queue) {
    use(queue);
    checkCuda(cudaEventCreate(&begin_), "cudaEventCreate");
    const cudaError_t status = cudaEventCreate(&end_);
    if (status != cudaSuccess) {
      cudaEventDestroy(begin_);
      checkCuda(status, "cudaEventCreate");
    }
  }
  ~Stopwatch() {
    cudaEventDestroy(begin_);
    cudaEventDestroy(end_);
  }
  Stopwatch(const Stopwatch &) = delete;
  Stopwatch &operator=(const Stopwatch &) = delete;

  // Seconds that what `start` puts on the queue takes, the best of `repeats` once the clocks are up.
  template <class Start>
  double best(int32_t repeats, Start start) const {
    using Clock = std::chrono::steady_clock;
    const auto warm = Clock::now() + (onGpu ? wakingUp : Clock::duration(0));
    do {
      seconds(start);
    } while (Clock::now() < warm);
    double least = seconds(start);
    for (int32_t i = 1; i < repeats; ++i) {
      least = std::min(least, seconds(start));
    }
    return least;
  }

 private:
  static constexpr bool onGpu = buildKind == GK_CUDA_DEVICE;
  static constexpr std::chrono::milliseconds wakingUp{200};  // an idle GPU's clocks rise within some tens

  // The device is busy with the same while the host issues what is timed: none of the time is the host's.
  template <class Start>
  double seconds(Start start) const {
    if (onGpu) {
      start();
    }
    checkCuda(cudaEventRecord(begin_, queue_.stream), "cudaEventRecord");
    start();
    checkCuda(cudaEventRecord(end_, queue_.stream), "cudaEventRecord");
    checkCuda(cudaEventSynchronize(end_), "waiting for the device");
    float milliseconds = 0;
    checkCuda(cudaEventElapsedTime(&milliseconds, begin_, end_), "cudaEventElapsedTime");
    return 1e-3 * static_cast<double>(milliseconds > 1e-4f ? milliseconds : 1e-4f);  // its resolution
  }

  const Queue &queue_;
  cudaEvent_t begin_ = nullptr, end_ = nullptr;
};

}  // namespace gatun::cuda
