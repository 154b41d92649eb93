// cuda_backend.cpp: the CUDA back end: every op of the contract on one queue.
#include "backend.hpp"
#include "cuda_queue.hpp"
#include "ops.hpp"

namespace gatun {
namespace {

class CudaBackend final : public Backend {
 public:
  explicit CudaBackend(const cuda::Queue &queue) : queue_(queue) {}

  void sync() override { cuda::sync(queue_); }

  int64_t workspaceBytes(const gk_limits &limits) override { return cuda::attentionWorkspaceBytes(queue_, limits); }

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

  void embed(const gk_source &table, const gk_tensor &tokens, const gk_tensor *drawn, const gk_tensor &y) override {
    cuda::embed(queue_, table, tokens, drawn, y);
  }

  void rmsNorm(const gk_tensor &x, const float *weight, float eps, const gk_tensor &y) override {
    cuda::rmsNorm(queue_, x, weight, eps, y);
  }

  void addRmsNorm(const gk_tensor &residual, const gk_tensor &delta, const float *weight, float eps,
                  const gk_tensor &y) override {
    cuda::addRmsNorm(queue_, residual, delta, weight, eps, y);
  }

  void gatherRows(const gk_tensor &x, const gk_tensor &rows, const gk_tensor &y) override {
    cuda::gatherRows(queue_, x, rows, y);
  }

  void gatherCols(const gk_tensor &x, const gk_tensor &order, const gk_tensor &y) override {
    cuda::gatherCols(queue_, x, order, y);
  }

  void quantize(const gk_tensor &x, const gk_tensor &y) override { cuda::quantize(queue_, x, y); }

  void matMul(const gk_weight &weight, const gk_tensor &x, const gk_tensor &y) override {
    cuda::matMul(queue_, weight, x, y);
  }

  void qkv(const gk_weight &q, const gk_weight &k, const gk_weight &v, const gk_tensor &x, const gk_tensor &yq,
           const gk_tensor &yk, const gk_tensor &yv) override {
    cuda::qkv(queue_, q, k, v, x, yq, yk, yv);
  }

  void gateUp(const gk_weight &gate, const gk_weight &up, const gk_tensor &x, const gk_tensor &y) override {
    cuda::gateUp(queue_, gate, up, x, y);
  }

  void gated(const gk_tensor &gate, const gk_tensor &up, const gk_tensor &y) override {
    cuda::gated(queue_, gate, up, y);
  }

  const char *matMulKernel(const gk_weight &weight, const gk_tensor &x) override {
    return cuda::matMulKernel(weight, x);
  }

  int64_t cachePageBytes(const gk_cache &cache) override { return cuda::cachePageBytes(cache); }

  void ropeTable(const gk_batch &batch, const float *invFreq, int32_t dim, float scale, float *table) override {
    cuda::ropeTable(queue_, batch, invFreq, dim, scale, table);
  }

  void ropeStore(const gk_rope &rope, const gk_batch &batch, const gk_tensor &q, const gk_tensor &k, const gk_tensor &v,
                 const gk_cache &cache) override {
    cuda::ropeStore(queue_, rope, batch, q, k, v, cache);
  }

  void attention(const gk_batch &batch, const gk_tensor &q, const gk_cache &cache, float scale,
                 const gk_tensor &y) override {
    cuda::attention(queue_, batch, q, cache, scale, y);
  }

  void route(const gk_tensor &logits, bool normalize, const gk_tensor &ids, const gk_tensor &weights) override {
    cuda::route(queue_, logits, normalize, ids, weights);
  }

  void expertGateUp(const gk_weight &gate, const gk_weight &up, const gk_tensor &x, const gk_tensor &ids,
                    const gk_tensor &y) override {
    cuda::expertGateUp(queue_, gate, up, x, ids, y);
  }

  void expertDown(const gk_weight &down, const gk_tensor &h, const gk_tensor &ids, const gk_tensor &weights,
                  const gk_tensor &y) override {
    cuda::expertDown(queue_, down, h, ids, weights, y);
  }

  void sample(const gk_tensor &logits, const gk_sampling *sampling, const gk_tensor &tokens,
              float *probabilities) override {
    cuda::sample(queue_, logits, sampling, tokens, probabilities);
  }

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
