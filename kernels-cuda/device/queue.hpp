// queue.hpp: a stream on one GPU, what its device can do, and the memory it was lent.
#pragma once

#include <cstdint>
#include <utility>

#include "device/dialect.hpp"
#include "guard.hpp"

namespace gatun::cuda {

// Throws what a CUDA call reports: GK_OUT_OF_MEMORY, or GK_DEVICE_FAILED with CUDA's own words.
void checkCuda(cudaError_t status, const char *what);

struct Queue {
  int device = 0;
  cudaStream_t stream = nullptr;
  int multiprocessors = 1;
  int capability = 80;              // compute capability, 10 * major + minor
  int64_t sharedLimit = 48 * 1024;  // of one block
  char *workspace = nullptr;
  int64_t workspaceBytes = 0;

  // Workspace for the op that runs now; overwritten by the next op that asks.
  template <class T>
  T *borrow(int64_t count) const {
    const int64_t wanted = count * static_cast<int64_t>(sizeof(T));
    if (wanted > workspaceBytes) {
      throw Error(GK_OUT_OF_MEMORY, "needs %lld bytes of workspace, the queue was lent %lld",
                  static_cast<long long>(wanted), static_cast<long long>(workspaceBytes));
    }
    return reinterpret_cast<T *>(workspace);
  }
};

// Makes the queue's device that of the calling thread, which may be another than opened the queue.
inline void use(const Queue &queue) { checkCuda(cudaSetDevice(queue.device), "using the device"); }

// Starts a kernel on the queue. Its arguments are converted to the kernel's parameters.
template <class... Parameters, class... Arguments>
void launch(const Queue &queue, const LaunchShape &shape, void (*kernel)(Parameters...), Arguments &&...arguments) {
  use(queue);
  checkCuda(launchOn(queue.stream, queue.capability >= 90, queue.sharedLimit, shape, kernel,
                     std::forward<Arguments>(arguments)...),
            "starting a kernel");
}

// Blocks of a launch that the device holds at a time.
template <class... Parameters>
int64_t residentBlocksOf(const Queue &queue, const LaunchShape &shape, void (*kernel)(Parameters...)) {
  int blocks = 0;
  use(queue);
  checkCuda(residentBlocks(queue.sharedLimit, shape, kernel, &blocks), "asking for a kernel's occupancy");
  return int64_t{blocks} * queue.multiprocessors;
}

constexpr int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Blocks of a launch as its grid's x, which goes to 2^31 - 1; y and z end at 65535.
inline unsigned gridOf(int64_t blocks) {
  if (blocks > INT32_MAX) {
    throw Error(GK_BAD_ARGUMENT, "takes %lld blocks of threads, a grid has %d", static_cast<long long>(blocks),
                INT32_MAX);
  }
  return static_cast<unsigned>(blocks);
}

}  // namespace gatun::cuda
