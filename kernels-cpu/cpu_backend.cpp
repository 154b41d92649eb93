// cpu_backend.cpp: the CPU back end of one instruction set, and those of its ops that are compiled once for all.
#include "backend.hpp"
#include "cache_page.hpp"
#include "ops.hpp"

namespace gatun::cpu::GK_ISA {

void embed(Pool &pool, const gk_source &table, const gk_tensor &tokens, const gk_tensor *drawn, const gk_tensor &y) {
  checkTokens(tokens, drawn, table.rows);
  cpu::embed(pool, table, tokens, drawn, y);
}

void gatherRows(Pool &pool, const gk_tensor &x, const gk_tensor &rows, const gk_tensor &y) {
  checkIds(rows, "rows", x.rows, "x.rows");
  cpu::gatherRows(pool, x, rows, y);
}

void gatherCols(Pool &pool, const gk_tensor &x, const gk_tensor &order, const gk_tensor &y) {
  checkIds(order, "order", x.cols, "x.cols");
  cpu::gatherCols(pool, x, order, y);
}

void ropeTable(Pool &pool, const gk_batch &batch, const float *invFreq, int32_t dim, float scale, float *table) {
  checkPositions(batch);
  cpu::ropeTable(pool, batch, invFreq, dim, scale, table);
}

void localExperts(Pool &, const gk_tensor &ids, const gk_tensor &table, const gk_tensor &local) {
  cpu::localExperts(ids, table, local);
}

void sample(Pool &pool, const gk_tensor &logits, const gk_sampling *sampling, const gk_tensor *masks,
            const gk_tensor &tokens, float *probabilities) {
  checkSampling(sampling, logits, masks);
  cpu::sample(pool, logits, sampling, masks, tokens, probabilities);
}

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

  const char *matMulKernel(const gk_weight &, const gk_tensor &x) override { return GK_ISA::matMulKernel(x); }

  int64_t cachePageBytes(const gk_cache &cache) override { return cachePageBytesOf(cache); }

#define GK_PASS_ON(name, operands, names) \
  void name operands override { GK_ISA::name(pool_, GK_LIST names); }
  GK_OPS(GK_PASS_ON)
#undef GK_PASS_ON

  double measureRead(const void *buffer, int64_t bytes, int32_t repeats) override {
    return cpu::measureRead(pool_, readLines, buffer, bytes, repeats);
  }

  double measureInt8() override { return GK_ISA::measureInt8(pool_); }

  double measureBf16() override { refuseBf16(); }

 private:
  Pool pool_;
};

}  // namespace

Backend *makeBackend(int32_t threads);
Backend *makeBackend(int32_t threads) { return new CpuBackend(threads); }

}  // namespace gatun::cpu::GK_ISA
