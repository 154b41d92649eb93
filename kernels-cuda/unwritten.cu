// unwritten.cu: the ops that are still to be written; each refuses.
#include "ops.hpp"

namespace gatun::cuda {
namespace {

[[noreturn]] void unwritten(const char *op) { throw Error(GK_UNSUPPORTED, "%s is not written for CUDA yet", op); }

}  // namespace

void dequantize(const Queue &, gk_dtype, const void *, int64_t, float *) { unwritten("dequantize"); }
void embed(const Queue &, const gk_source &, const gk_tensor &, const gk_tensor &) { unwritten("embed"); }
void gatherRows(const Queue &, const gk_tensor &, const gk_tensor &, const gk_tensor &) { unwritten("gatherRows"); }
void gatherCols(const Queue &, const gk_tensor &, const gk_tensor &, const gk_tensor &) { unwritten("gatherCols"); }
void quantize(const Queue &, const gk_tensor &, const gk_tensor &) { unwritten("quantize"); }
int64_t cachePageBytes(const gk_cache &) { unwritten("cachePageBytes"); }
void ropeTable(const Queue &, const gk_batch &, const float *, int32_t, float, float *) { unwritten("ropeTable"); }
void ropeStore(const Queue &, const gk_rope &, const gk_batch &, const gk_tensor &, const gk_tensor &,
               const gk_tensor &, const gk_cache &) {
  unwritten("ropeStore");
}
void attention(const Queue &, const gk_batch &, const gk_tensor &, const gk_cache &, float, const gk_tensor &) {
  unwritten("attention");
}
void route(const Queue &, const gk_tensor &, bool, const gk_tensor &, const gk_tensor &) { unwritten("route"); }
double measureRead(const Queue &, const void *, int64_t, int32_t) { unwritten("measureRead"); }
double measureInt8(const Queue &) { unwritten("measureInt8"); }
double measureBf16(const Queue &) { unwritten("measureBf16"); }
int64_t attentionWorkspaceBytes(const Queue &, const gk_limits &) { return 0; }

}  // namespace gatun::cuda
