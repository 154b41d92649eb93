// capture_test.cpp: streams copy late; one that captures notes kernels with their arguments, refuses what CUDA refuses
// then, and its graph runs what was noted.
#include "emulation/emulated.h"
#include "launching.hpp"

using namespace gatun::cuda;
using namespace gatun::test;

namespace {

void addKernel(int *sum, int by) {
  dependencyWait();
  *sum += by;
}

void addFromKernel(int *sum, const int *by) {
  dependencyWait();
  *sum += *by;
}

template <class... Parameters, class... Arguments>
cudaError_t launch(void *stream, void (*kernel)(Parameters...), Arguments... arguments) {
  return launchOn(static_cast<cudaStream_t>(stream), false, emulation::card().sharedLimit, {1, 1}, kernel,
                  arguments...);
}

class Stream {
 public:
  Stream() { CHECK(gk_emulated_stream_open(&stream_) == cudaSuccess); }
  ~Stream() { CHECK(gk_emulated_stream_close(stream_) == cudaSuccess); }
  Stream(const Stream &) = delete;
  Stream &operator=(const Stream &) = delete;
  operator void *() const { return stream_; }
  operator cudaStream_t() const { return static_cast<cudaStream_t>(stream_); }

 private:
  void *stream_ = nullptr;
};

void begin(void *stream) { CHECK(gk_emulated_capture_begin(stream) == cudaSuccess); }

void *end(void *stream) {
  void *graph = nullptr;
  CHECK(gk_emulated_capture_end(stream, &graph) == cudaSuccess && graph != nullptr);
  return graph;
}

void runs(void *graph) { CHECK(gk_emulated_graph_launch(graph) == cudaSuccess); }

// A source may still be read until the stream is waited for.
void copiesOfStreams() {
  const int from[2] = {1, 2};
  int to[2] = {0, 0};
  CHECK(cudaMemcpyAsync(to, from, sizeof from, cudaMemcpyDefault, nullptr) == cudaSuccess && to[0] == 0);
  CHECK(cudaStreamSynchronize(nullptr) == cudaSuccess && to[0] == 1 && to[1] == 2);
}

// A value that was passed is that of the capture; what a pointer leads to is that of the run.
void argumentsAreThoseOfTheCapture() {
  const Stream stream;
  int sum = 0, passed = 10, pointed = 100;
  begin(stream);
  CHECK(launch(stream, addKernel, &sum, passed) == cudaSuccess);
  CHECK(launch(stream, addFromKernel, &sum, &pointed) == cudaSuccess);
  void *const graph = end(stream);
  CHECK(sum == 0, "%d: a kernel ran while it was captured", sum);
  passed = 20;
  pointed = 200;
  runs(graph);
  CHECK(sum == 210, "%d", sum);
  pointed = 300;
  runs(graph);
  CHECK(sum == 520, "%d", sum);
  CHECK(gk_emulated_graph_close(graph) == cudaSuccess);
  CHECK(launch(stream, addKernel, &sum, passed) == cudaSuccess && sum == 540, "%d: not captured", sum);
}

// Copies within the device are captured in their place between kernels.
void copiesWithinTheDevice() {
  const Stream stream;
  int from = 1, to = 5;
  begin(stream);
  CHECK(launch(stream, addKernel, &from, 1) == cudaSuccess);
  CHECK(cudaMemcpyAsync(&to, &from, sizeof from, cudaMemcpyDeviceToDevice, stream) == cudaSuccess);
  CHECK(launch(stream, addKernel, &to, 40) == cudaSuccess);
  void *const graph = end(stream);
  CHECK(cudaStreamSynchronize(stream) == cudaSuccess && from == 1 && to == 5);
  runs(graph);
  CHECK(cudaStreamSynchronize(stream) == cudaSuccess && from == 2 && to == 42, "%d, %d", from, to);
  CHECK(gk_emulated_graph_close(graph) == cudaSuccess);
}

// Only the stream that captures does; others run.
void otherStreams() {
  const Stream stream, other;
  int sum = 0;
  begin(stream);
  CHECK(launch(other, addKernel, &sum, 1) == cudaSuccess && launch(nullptr, addKernel, &sum, 2) == cudaSuccess);
  CHECK(sum == 3, "%d", sum);
  CHECK(cudaStreamSynchronize(other) == cudaSuccess);
  CHECK(gk_emulated_graph_close(end(stream)) == cudaSuccess);
}

// call(stream) is refused while it captures, and the capture is lost; the next one is not.
template <class Call>
void loses(const char *what, cudaError_t wanted, Call call) {
  const Stream stream;
  int sum = 0;
  begin(stream);
  CHECK(launch(stream, addKernel, &sum, 1) == cudaSuccess);
  const auto status = static_cast<cudaError_t>(call(stream));
  CHECK(status == wanted, "%s: %s", what, cudaGetErrorName(status));
  CHECK(launch(stream, addKernel, &sum, 1) == cudaErrorStreamCaptureInvalidated, "%s", what);
  void *graph = &sum;
  CHECK(gk_emulated_capture_end(stream, &graph) == cudaErrorStreamCaptureInvalidated && graph == nullptr, "%s", what);
  CHECK(sum == 0 && launch(stream, addKernel, &sum, 1) == cudaSuccess && sum == 1, "%s", what);
  begin(stream);
  CHECK(gk_emulated_graph_close(end(stream)) == cudaSuccess);
}

void whatCannotBeCaptured() {
  int from = 1, to = 0;
  constexpr auto unsupported = cudaErrorStreamCaptureUnsupported;
  loses("waiting", unsupported, [](const Stream &s) { return cudaStreamSynchronize(s); });
  loses("waiting", unsupported, [](const Stream &s) { return gk_emulated_stream_sync(s); });
  for (const auto kind : {cudaMemcpyDefault, cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost}) {
    loses("a pageable copy", unsupported,
          [&](const Stream &s) { return cudaMemcpyAsync(&to, &from, sizeof from, kind, s); });
  }
  cudaEvent_t event = nullptr;
  CHECK(cudaEventCreate(&event) == cudaSuccess && cudaEventRecord(event, nullptr) == cudaSuccess);
  loses("waiting for an event", unsupported, [&](const Stream &) { return cudaEventSynchronize(event); });
  const Stream other;
  begin(other);
  void *const graph = end(other);
  loses("a graph", unsupported, [&](const Stream &) { return gk_emulated_graph_launch(graph); });
  CHECK(gk_emulated_graph_close(graph) == cudaSuccess);

  // An event that was recorded on a stream that captured is never passed.
  begin(other);
  CHECK(cudaEventRecord(event, other) == cudaSuccess);
  CHECK(gk_emulated_graph_close(end(other)) == cudaSuccess);
  float milliseconds = 0;
  CHECK(cudaEventSynchronize(event) == cudaErrorCapturedEvent);
  CHECK(cudaEventElapsedTime(&milliseconds, event, event) == cudaErrorCapturedEvent);
  CHECK(cudaEventRecord(event, other) == cudaSuccess && cudaEventSynchronize(event) == cudaSuccess);
  CHECK(cudaEventDestroy(event) == cudaSuccess);
}

void whoMayCapture() {
  const Stream stream, other;
  void *graph = nullptr;
  CHECK(gk_emulated_capture_begin(nullptr) == cudaErrorStreamCaptureUnsupported);
  CHECK(gk_emulated_capture_end(stream, &graph) == cudaErrorIllegalState);
  begin(stream);
  CHECK(gk_emulated_capture_begin(stream) == cudaErrorIllegalState);
  CHECK(gk_emulated_capture_begin(other) == cudaErrorIllegalState);
  CHECK(gk_emulated_capture_end(other, &graph) == cudaErrorIllegalState);
  const auto shape = [&](dim3 block) {
    return launchOn(static_cast<cudaStream_t>(stream), false, 1024, {1, block}, addKernel, nullptr, 1);
  };
  CHECK(shape(1025) == cudaErrorInvalidConfiguration);
  CHECK(gk_emulated_graph_close(end(stream)) == cudaSuccess);
  CHECK(std::string(gk_emulated_error(cudaErrorStreamCaptureUnsupported)) ==
        "operation not permitted when stream is capturing (cudaErrorStreamCaptureUnsupported)");
}

}  // namespace

int main() {
  copiesOfStreams();
  argumentsAreThoseOfTheCapture();
  copiesWithinTheDevice();
  otherStreams();
  whatCannotBeCaptured();
  whoMayCapture();
  return finish();
}
