// runtime.cpp: CUDA's calls on the emulated device.
#include "emulation/runtime.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <vector>

#include "emulation/machine.hpp"
#include "emulation/races.hpp"
#include "emulation/stream.hpp"

struct CUevent_st {
  std::chrono::steady_clock::time_point time;
  bool captured = false;  // recorded on a stream that captured: it is never passed
};

namespace {

struct Copy {
  void *to;
  const void *from;
  size_t bytes;
};
std::mutex copiesMutex;
std::vector<Copy> copies;  // of all streams, oldest first

struct Named {
  cudaError_t error;
  const char *name, *text;
};
constexpr Named errors[] = {
    {cudaSuccess, "cudaSuccess", "no error"},
    {cudaErrorInvalidValue, "cudaErrorInvalidValue", "invalid argument"},
    {cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", "out of memory"},
    {cudaErrorInvalidConfiguration, "cudaErrorInvalidConfiguration", "invalid configuration argument"},
    {cudaErrorInvalidDevice, "cudaErrorInvalidDevice", "invalid device ordinal"},
    {cudaErrorIllegalState, "cudaErrorIllegalState", "the operation cannot be performed in the present state"},
    {cudaErrorIllegalAddress, "cudaErrorIllegalAddress", "an illegal memory access was encountered"},
    {cudaErrorStreamCaptureUnsupported, "cudaErrorStreamCaptureUnsupported",
     "operation not permitted when stream is capturing"},
    {cudaErrorStreamCaptureInvalidated, "cudaErrorStreamCaptureInvalidated",
     "operation failed due to a previous error during capture"},
    {cudaErrorCapturedEvent, "cudaErrorCapturedEvent",
     "operation not permitted on an event last recorded in a capturing stream"},
};

const Named &named(cudaError_t error) {
  for (const Named &e : errors) {
    if (e.error == error) {
      return e;
    }
  }
  return errors[1];
}

int64_t launches = 0;  // guarded by the machine's mutex
std::atomic<bool> broken{false};

int setting(const char *name, int otherwise, int least, int most) {
  const char *const text = std::getenv(name);
  if (text == nullptr) {
    return otherwise;
  }
  char *end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (end == text || *end != '\0' || value < least || value > most) {
    std::fprintf(stderr, "emulated GPU: %s=%s, expected %d to %d\n", name, text, least, most);
    std::abort();
  }
  return static_cast<int>(value);
}

}  // namespace

namespace gatun::cuda::emulation {

const Card &card() {
  static const Card card = {setting("GATUN_EMULATION_MULTIPROCESSORS", 4, 1, 1024),
                            1024 * setting("GATUN_EMULATION_SHARED_KIB", 99, 48, 227)};
  return card;
}

cudaError_t faulted() { return broken ? cudaErrorIllegalAddress : cudaSuccess; }

// Like a GPU's, the launch itself succeeds: what comes after it does not.
cudaError_t beginLaunch() {
  static const char *const asked = std::getenv("GATUN_EMULATION_FAULT");
  const cudaError_t before = faulted();
  if (asked != nullptr && ++launches == std::strtoll(asked, nullptr, 10)) {
    broken = true;
  }
  return before;
}

}  // namespace gatun::cuda::emulation

using gatun::cuda::emulation::capturedHere;
using gatun::cuda::emulation::card;
using gatun::cuda::emulation::faulted;

const char *cudaGetErrorName(cudaError_t error) { return named(error).name; }
const char *cudaGetErrorString(cudaError_t error) { return named(error).text; }

cudaError_t cudaGetDeviceCount(int *count) {
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int *version) {
  *version = 13000;
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *version) { return cudaDriverGetVersion(version); }

cudaError_t cudaSetDevice(int device) { return device == 0 ? cudaSuccess : cudaErrorInvalidDevice; }

cudaError_t cudaDeviceGetAttribute(int *value, cudaDeviceAttr attribute, int) {
  switch (attribute) {
    case cudaDevAttrMultiProcessorCount:
      *value = card().multiprocessors;
      return cudaSuccess;
    case cudaDevAttrComputeCapabilityMajor:
      *value = 9;
      return cudaSuccess;
    case cudaDevAttrComputeCapabilityMinor:
      *value = 0;
      return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = card().sharedLimit;
      return cudaSuccess;
  }
  return cudaErrorInvalidValue;
}

void gatun::cuda::emulation::landCopies() {
  const std::lock_guard<std::mutex> lock(copiesMutex);
  for (const Copy &copy : copies) {
    std::memmove(copy.to, copy.from, copy.bytes);
    racesCopied(copy.to, copy.bytes);
  }
  copies.clear();
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (stream != nullptr && stream->capturing) {
    return stream->lose();
  }
  gatun::cuda::emulation::betweenKernels(gatun::cuda::emulation::landCopies);
  return faulted();
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  if (stream != nullptr && stream->capturing) {
    // The host's side of any other is pageable: this runtime gives out no pinned memory.
    return kind == cudaMemcpyDeviceToDevice
               ? stream->note([=] { return cudaMemcpyAsync(to, from, bytes, kind, nullptr); })
               : stream->lose();
  }
  const std::lock_guard<std::mutex> lock(copiesMutex);
  copies.push_back({to, from, bytes});
  return faulted();
}

cudaError_t cudaEventCreate(cudaEvent_t *event) {
  *event = new (std::nothrow) CUevent_st;
  return *event != nullptr ? cudaSuccess : cudaErrorMemoryAllocation;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  event->time = std::chrono::steady_clock::now();
  event->captured = stream != nullptr && stream->capturing;
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  if (capturedHere != nullptr) {
    return capturedHere->lose();
  }
  return event->captured ? cudaErrorCapturedEvent : cudaStreamSynchronize(nullptr);
}

cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  if (begin->captured || end->captured) {
    return cudaErrorCapturedEvent;
  }
  *milliseconds = std::chrono::duration<float, std::milli>(end->time - begin->time).count();
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}
