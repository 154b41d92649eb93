// no_cuda.cpp: stands in for kernels-cuda where a build leaves it out.
#include "guard.hpp"
#include "queues.hpp"

namespace gatun {

int32_t cudaBuild() { return GK_CUDA_NONE; }

Backend *makeCudaBackend(int32_t, void *) {
  throw Error(GK_UNSUPPORTED, "this libgatun was built without its CUDA back end");
}

}  // namespace gatun
