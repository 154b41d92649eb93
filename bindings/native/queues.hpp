// queues.hpp: what the back ends give to dispatch: their queues and host memory.
#pragma once

#include <cstdint>

#include "backend.hpp"

namespace gatun {

// The widest enum gk_isa that this machine and this build have.
int32_t cpuBestIsa();
// Throws GK_UNSUPPORTED where the machine or the build lacks the instruction set.
Backend *makeCpuBackend(int32_t threads, int32_t isa);

// enum gk_cuda_build: NONE where kernels-cuda is not part of this build.
int32_t cudaBuild();
// Throws GK_UNSUPPORTED where the build, the machine or the device cannot; `stream` is a cudaStream_t.
Backend *makeCudaBackend(int32_t device, void *stream);

void *hostAlloc(int64_t bytes);
void hostFree(void *address, int64_t bytes);

}  // namespace gatun
