// stopwatch.hpp: the time that work on a queue takes, for measurements.
#pragma once

#include "queue.hpp"

namespace gatun::cuda {

class Stopwatch {
 public:
  Stopwatch() {
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

  // Seconds that what `start` puts on the queue takes, the best of `repeats` after one that wakes clocks and caches.
  template <class Start>
  double best(const Queue &queue, int32_t repeats, Start start) const {
    double least = 0;
    for (int32_t i = 0; i <= repeats; ++i) {
      checkCuda(cudaEventRecord(begin_, queue.stream), "cudaEventRecord");
      start();
      checkCuda(cudaEventRecord(end_, queue.stream), "cudaEventRecord");
      checkCuda(cudaEventSynchronize(end_), "waiting for the device");
      float milliseconds = 0;
      checkCuda(cudaEventElapsedTime(&milliseconds, begin_, end_), "cudaEventElapsedTime");
      const double seconds = 1e-3 * static_cast<double>(milliseconds > 1e-4f ? milliseconds : 1e-4f);  // its resolution
      least = i <= 1 || seconds < least ? seconds : least;
    }
    return least;
  }

 private:
  cudaEvent_t begin_ = nullptr, end_ = nullptr;
};

}  // namespace gatun::cuda
