// device_memory.cpp: memory of a GPU, apart from the tests, some of which read kernels' headers: outside nvcc these are
// the emulation's, which has CUDA's names for itself.
#include <cuda_runtime_api.h>

#include "both.hpp"

namespace gatun::test {

static void cudaCall(cudaError_t status) { CHECK(status == cudaSuccess, "%s", cudaGetErrorString(status)); }

void *deviceAllocate(int64_t bytes) {
  void *memory = nullptr;
  cudaCall(cudaMalloc(&memory, static_cast<size_t>(bytes)));
  return memory;
}
void deviceFree(void *memory) { cudaCall(cudaFree(memory)); }
void deviceCopy(void *to, const void *from, int64_t bytes) {
  cudaCall(cudaMemcpy(to, from, static_cast<size_t>(bytes), cudaMemcpyDefault));
}

}  // namespace gatun::test
