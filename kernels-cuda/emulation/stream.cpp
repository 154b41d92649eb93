// stream.cpp: see stream.hpp and emulated.h.
#include "emulation/stream.hpp"

#include <new>
#include <string>
#include <utility>

#include "emulation/emulated.h"

cudaError_t CUstream_st::note(gatun::cuda::emulation::Work work) {
  if (lost) {
    return cudaErrorStreamCaptureInvalidated;
  }
  captured.push_back(std::move(work));
  return cudaSuccess;
}

cudaError_t CUstream_st::lose() {
  lost = true;
  return cudaErrorStreamCaptureUnsupported;
}

namespace gatun::cuda::emulation {

thread_local cudaStream_t capturedHere = nullptr;

cudaError_t issue(cudaStream_t stream, const LaunchShape &shape, const Work &launch) {
  if (stream == nullptr || !stream->capturing) {
    return launch();
  }
  return possible(shape) ? stream->note(launch) : cudaErrorInvalidConfiguration;
}

}  // namespace gatun::cuda::emulation

// ---- emulated.h: exported ----

using gatun::cuda::emulation::capturedHere;
using gatun::cuda::emulation::faulted;
using gatun::cuda::emulation::Graph;

#define GATUN_EXPORTED __attribute__((visibility("default")))

GATUN_EXPORTED int32_t gk_emulated_stream_open(void **stream) {
  *stream = new (std::nothrow) CUstream_st;
  return *stream != nullptr ? cudaSuccess : cudaErrorMemoryAllocation;
}

GATUN_EXPORTED int32_t gk_emulated_stream_close(void *stream) {
  delete static_cast<cudaStream_t>(stream);
  return cudaSuccess;
}

GATUN_EXPORTED int32_t gk_emulated_stream_sync(void *stream) {
  return cudaStreamSynchronize(static_cast<cudaStream_t>(stream));
}

GATUN_EXPORTED int32_t gk_emulated_capture_begin(void *stream) {
  if (stream == nullptr) {
    return cudaErrorStreamCaptureUnsupported;
  }
  if (capturedHere != nullptr) {
    return cudaErrorIllegalState;
  }
  capturedHere = static_cast<cudaStream_t>(stream);
  capturedHere->capturing = true;
  capturedHere->lost = false;
  return cudaSuccess;
}

GATUN_EXPORTED int32_t gk_emulated_capture_end(void *stream, void **graph) {
  *graph = nullptr;
  if (stream == nullptr || stream != capturedHere) {
    return cudaErrorIllegalState;
  }
  Graph captured = std::exchange(capturedHere->captured, {});
  capturedHere->capturing = false;
  const bool lost = capturedHere->lost;
  capturedHere = nullptr;
  if (lost) {
    return cudaErrorStreamCaptureInvalidated;
  }
  *graph = new (std::nothrow) Graph(std::move(captured));
  return *graph != nullptr ? cudaSuccess : cudaErrorMemoryAllocation;
}

GATUN_EXPORTED int32_t gk_emulated_graph_launch(void *graph) {
  if (capturedHere != nullptr) {
    return capturedHere->lose();  // CUDA would make it a part of the other graph: nobody asks for that
  }
  const cudaError_t before = faulted();
  for (const auto &work : *static_cast<Graph *>(graph)) {
    work();  // answers what was wrong before, if anything: the next call does too
  }
  return before;
}

GATUN_EXPORTED int32_t gk_emulated_graph_close(void *graph) {
  delete static_cast<Graph *>(graph);
  return cudaSuccess;
}

GATUN_EXPORTED const char *gk_emulated_error(int32_t result) {
  thread_local std::string text;
  const auto error = static_cast<cudaError_t>(result);
  text = std::string(cudaGetErrorString(error)) + " (" + cudaGetErrorName(error) + ")";
  return text.c_str();
}
