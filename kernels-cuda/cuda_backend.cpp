// cuda_backend.cpp: the CUDA back end: every op of the contract on one queue.
#include <algorithm>

#include "backend.hpp"
#include "device/cuda_queue.hpp"
#include "ops.hpp"

namespace gatun {
namespace {

class CudaBackend final : public Backend {
 public:
  explicit CudaBackend(const cuda::Queue &queue) : queue_(queue) {}

  void sync() override { cuda::sync(queue_); }

  int64_t workspaceBytes(const gk_limits &limits) override {
    return std::max(cuda::attentionWorkspaceBytes(queue_, limits), cuda::sortWorkspaceBytes(limits.tokens));
  }

  void workspace(void *data, int64_t bytes) override {
    queue_.workspace = static_cast<char *>(data);
    queue_.workspaceBytes = bytes;
  }

  int64_t packedBytes(const gk_source &source) override { return cuda::packedBytes(source); }

  void pack(const gk_source &source, void *destination) override { cuda::pack(queue_, source, destination); }

  void dequantize(gk_dtype dtype, const void *source, int64_t count, float *destination) override {
    cuda::dequantize(queue_, dtype, source, count, destination);
  }

  void unpack(const gk_weight &weight, int64_t expert, int64_t firstRow, const gk_tensor &y) override {
    cuda::unpack(queue_, weight, expert, firstRow, y);
  }

  const char *matMulKernel(const gk_weight &weight, const gk_tensor &x) override {
    return cuda::matMulKernel(weight, x);
  }

  int64_t cachePageBytes(const gk_cache &cache) override { return cuda::cachePageBytes(cache); }

#define GK_PASS_ON(name, operands, names) \
  void name operands override { cuda::name(queue_, GK_LIST names); }
  GK_OPS(GK_PASS_ON)
#undef GK_PASS_ON

  double measureRead(const void *buffer, int64_t bytes, int32_t repeats) override {
    return cuda::measureRead(queue_, buffer, bytes, repeats);
  }

  double measureInt8() override { return cuda::measureInt8(queue_); }

  double measureBf16() override { return cuda::measureBf16(queue_); }

 private:
  cuda::Queue queue_;
};

}  // namespace

Backend *makeCudaBackend(int32_t device, void *stream) {
  return new CudaBackend(cuda::openQueue(device, static_cast<cudaStream_t>(stream)));
}

}  // namespace gatun
