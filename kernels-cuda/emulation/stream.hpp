// stream.hpp: streams of the emulated GPU. One that captures notes its work, with the arguments it has then, instead
// of running it; the graph that comes of it runs what was noted, again and again.
//
// As in CUDA, what would wait or touch pageable memory is an error meanwhile, and the capture is lost. A stream
// captures for the thread that asked for it (cudaStreamCaptureModeThreadLocal) and is used by one thread at a time.
#pragma once

#include <functional>
#include <vector>

#include "emulation/machine.hpp"

namespace gatun::cuda::emulation {

using Work = std::function<cudaError_t()>;
using Graph = std::vector<Work>;

}  // namespace gatun::cuda::emulation

struct CUstream_st {
  bool capturing = false, lost = false;
  gatun::cuda::emulation::Graph captured;

  cudaError_t note(gatun::cuda::emulation::Work work);
  // What is answered to work that cannot be captured.
  cudaError_t lose();
};

namespace gatun::cuda::emulation {

// The stream that captures for this thread, or null.
extern thread_local cudaStream_t capturedHere;

// Does `launch`, of a kernel of that shape, at once or whenever the stream's graph runs. cudaErrorInvalidConfiguration
// for a shape that no GPU takes.
cudaError_t issue(cudaStream_t stream, const LaunchShape &shape, const Work &launch);

}  // namespace gatun::cuda::emulation
