// cuda_queue.cu: opens a queue on a device, or says why there is none.
#include "device/cuda_queue.hpp"
#include "queues.hpp"

namespace gatun {

int32_t cudaBuild() { return cuda::buildKind; }

namespace cuda {
namespace {

constexpr int oldestCapability = 80;

__global__ void anyKernel() {
  dependencyWait();
  dependencyTrigger();
}

// Starts a kernel, which fails where none was compiled for the device.
void requireKernels(const Queue &queue) {
  const cudaError_t started = launchOn(queue.stream, queue.capability >= 90, queue.sharedLimit, {1, 32}, anyKernel);
  if (started == cudaErrorNoKernelImageForDevice || started == cudaErrorInvalidDeviceFunction) {
    throw Error(GK_UNSUPPORTED, "this libgatun was not compiled for GPUs of compute capability %d.%d",
                queue.capability / 10, queue.capability % 10);
  }
  checkCuda(started, "starting a kernel");
}

}  // namespace

void checkCuda(cudaError_t status, const char *what) {
  if (status == cudaSuccess) {
    return;
  }
  const gk_status code = status == cudaErrorMemoryAllocation ? GK_OUT_OF_MEMORY : GK_DEVICE_FAILED;
  throw Error(code, "%s: %s (%s)", what, cudaGetErrorString(status), cudaGetErrorName(status));
}

Queue openQueue(int32_t device, cudaStream_t stream) {
  int devices = 0;
  const cudaError_t counted = cudaGetDeviceCount(&devices);
  if (counted == cudaErrorInsufficientDriver) {
    int driver = 0;
    int wanted = 0;
    cudaDriverGetVersion(&driver);
    cudaRuntimeGetVersion(&wanted);
    if (driver == 0) {
      throw Error(GK_UNSUPPORTED, "this machine has no NVIDIA driver");
    }
    throw Error(GK_UNSUPPORTED, "the NVIDIA driver is for CUDA %d.%d, this build needs %d.%d: update the driver",
                driver / 1000, driver % 1000 / 10, wanted / 1000, wanted % 1000 / 10);
  }
  if (counted != cudaSuccess) {
    throw Error(GK_UNSUPPORTED, "%s", cudaGetErrorString(counted));
  }
  if (device >= devices) {
    throw Error(GK_UNSUPPORTED, "device is %d, this machine has %d", device, devices);
  }
  checkCuda(cudaSetDevice(device), "cudaSetDevice");
  const auto attribute = [&](cudaDeviceAttr name) {
    int value = 0;
    checkCuda(cudaDeviceGetAttribute(&value, name, device), "cudaDeviceGetAttribute");
    return value;
  };
  Queue queue;
  queue.device = device;
  queue.stream = stream;
  queue.capability = 10 * attribute(cudaDevAttrComputeCapabilityMajor) + attribute(cudaDevAttrComputeCapabilityMinor);
  if (queue.capability < oldestCapability) {
    throw Error(GK_UNSUPPORTED, "device %d has compute capability %d.%d, 8.0 or later is needed", device,
                queue.capability / 10, queue.capability % 10);
  }
  queue.multiprocessors = attribute(cudaDevAttrMultiProcessorCount);
  queue.sharedLimit = attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin);
  requireKernels(queue);
  return queue;
}

void sync(const Queue &queue) {
  use(queue);
  checkCuda(cudaStreamSynchronize(queue.stream), "waiting for the device");
}

}  // namespace cuda
}  // namespace gatun
