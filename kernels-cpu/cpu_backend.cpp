// cpu_backend.cpp: the CPU back end of one instruction set: looks into the arrays, then calls the op.
#include "backend.hpp"
#include "cache_page.hpp"
#include "mat_mul_ops.hpp"
#include "ops.hpp"
#include "scratch.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

class CpuBackend final : public Backend {
 public:
  explicit CpuBackend(int32_t threads) : pool_(threads) {}

  void sync() override {}  // every op is done when it returns

  int64_t workspaceBytes(const gk_limits &) override { return 0; }

  void workspace(void *, int64_t) override {}

  int64_t packedBytes(const gk_source &source) override { return cpu::packedBytes(source); }

  void pack(const gk_source &source, void *destination) override { cpu::pack(pool_, source, destination); }

  void dequantize(gk_dtype dtype, const void *source, int64_t count, float *destination) override {
    cpu::dequantize(pool_, dtype, source, count, destination);
  }

  void unpack(const gk_weight &weight, int64_t expert, int64_t firstRow, const gk_tensor &y) override {
    GK_ISA::unpack(pool_, weight, expert, firstRow, y);
  }

  void embed(const gk_source &table, const gk_tensor &tokens, const gk_tensor *drawn, const gk_tensor &y) override {
    checkTokens(tokens, drawn, table.rows);
    cpu::embed(pool_, table, tokens, drawn, y);
  }

  void rmsNorm(const gk_tensor &x, const float *weight, float eps, const gk_tensor &y) override {
    quantized(y, [&](const gk_tensor &floats) { GK_ISA::rmsNorm(pool_, x, weight, eps, floats); });
  }

  void addRmsNorm(const gk_tensor &residual, const gk_tensor &delta, const float *weight, float eps,
                  const gk_tensor &y) override {
    quantized(y, [&](const gk_tensor &floats) { GK_ISA::addRmsNorm(pool_, residual, delta, weight, eps, floats); });
  }

  void gatherRows(const gk_tensor &x, const gk_tensor &rows, const gk_tensor &y) override {
    checkIds(rows, "rows", x.rows, "x.rows");
    cpu::gatherRows(pool_, x, rows, y);
  }

  void gatherCols(const gk_tensor &x, const gk_tensor &order, const gk_tensor &y) override {
    checkIds(order, "order", x.cols, "x.cols");
    cpu::gatherCols(pool_, x, order, y);
  }

  void quantize(const gk_tensor &x, const gk_tensor &y) override { GK_ISA::quantize(pool_, x, y); }

  void matMul(const gk_weight &weight, const gk_tensor &x, const gk_tensor &y) override {
    GK_ISA::matMul(pool_, weight, x, y);
  }

  void qkv(const gk_weight &q, const gk_weight &k, const gk_weight &v, const gk_tensor &x, const gk_tensor &yq,
           const gk_tensor &yk, const gk_tensor &yv) override {
    GK_ISA::matMul(pool_, q, x, yq);
    GK_ISA::matMul(pool_, k, x, yk);
    GK_ISA::matMul(pool_, v, x, yv);
  }

  void gateUp(const gk_weight &gate, const gk_weight &up, const gk_tensor &x, const gk_tensor &y) override {
    quantized(y, [&](const gk_tensor &floats) { GK_ISA::gateUp(pool_, gate, up, x, floats); });
  }

  void gated(const gk_tensor &gate, const gk_tensor &up, const gk_tensor &y) override {
    quantized(y, [&](const gk_tensor &floats) { GK_ISA::gated(pool_, gate, up, floats); });
  }

  const char *matMulKernel(const gk_weight &, const gk_tensor &x) override { return GK_ISA::matMulKernel(x); }

  int64_t cachePageBytes(const gk_cache &cache) override { return cachePageBytesOf(cache); }

  void ropeTable(const gk_batch &batch, const float *invFreq, int32_t dim, float scale, float *table) override {
    checkPositions(batch);
    cpu::ropeTable(pool_, batch, invFreq, dim, scale, table);
  }

  void ropeStore(const gk_rope &rope, const gk_batch &batch, const gk_tensor &q, const gk_tensor &k, const gk_tensor &v,
                 const gk_cache &cache) override {
    checkPages(batch, cache, false);
    GK_ISA::ropeStore(pool_, rope, batch, q, k, v, cache);
  }

  void attention(const gk_batch &batch, const gk_tensor &q, const gk_cache &cache, float scale,
                 const gk_tensor &y) override {
    checkPages(batch, cache, true);
    quantized(y, [&](const gk_tensor &floats) { GK_ISA::attention(pool_, batch, q, cache, scale, floats); });
  }

  void route(const gk_tensor &logits, bool normalize, const gk_tensor &ids, const gk_tensor &weights) override {
    GK_ISA::route(pool_, logits, normalize, ids, weights);
  }

  void expertGateUp(const gk_weight &gate, const gk_weight &up, const gk_tensor &x, const gk_tensor &ids,
                    const gk_tensor &y) override {
    checkIds(ids, "ids", gate.experts, "gate.experts");
    GK_ISA::expertGateUp(pool_, gate, up, x, ids, y);
  }

  void expertDown(const gk_weight &down, const gk_tensor &h, const gk_tensor &ids, const gk_tensor &weights,
                  const gk_tensor &y) override {
    checkIds(ids, "ids", down.experts, "down.experts");
    GK_ISA::expertDown(pool_, down, h, ids, weights, y);
  }

  void sample(const gk_tensor &logits, const gk_sampling *sampling, const gk_tensor &tokens,
              float *probabilities) override {
    checkSampling(sampling, logits);
    cpu::sample(pool_, logits, sampling, tokens, probabilities);
  }

  double measureRead(const void *buffer, int64_t bytes, int32_t repeats) override {
    return cpu::measureRead(pool_, readLines, buffer, bytes, repeats);
  }

  double measureInt8() override { return GK_ISA::measureInt8(pool_); }

  double measureBf16() override { refuseBf16(); }

 private:
  // Runs an op whose result is float32, then quantises it where y is to be of another type.
  template <class Op>
  void quantized(const gk_tensor &y, Op &&op) {
    if (y.dtype == GK_F32) {
      op(y);
      return;
    }
    const gk_tensor floats{scratch_.floats(y.rows * y.cols), y.rows, y.cols, y.cols, GK_F32, 0};
    op(floats);
    GK_ISA::quantize(pool_, floats, y);
  }

  Pool pool_;
  Scratch scratch_;
};

}  // namespace

Backend *makeBackend(int32_t threads);
Backend *makeBackend(int32_t threads) { return new CpuBackend(threads); }

}  // namespace gatun::cpu::GK_ISA
