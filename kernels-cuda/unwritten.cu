// unwritten.cu: the ops that are still to be written; each refuses.
#include "ops.hpp"

namespace gatun::cuda {
namespace {

[[noreturn]] void unwritten(const char *op) { throw Error(GK_UNSUPPORTED, "%s is not written for CUDA yet", op); }

}  // namespace

int64_t packedBytes(const gk_source &) { unwritten("packedBytes"); }
void pack(const Queue &, const gk_source &, void *) { unwritten("pack"); }
void dequantize(const Queue &, gk_dtype, const void *, int64_t, float *) { unwritten("dequantize"); }
void unpackRow(const Queue &, const gk_weight &, int64_t, int64_t, float *) { unwritten("unpackRow"); }
void embed(const Queue &, const gk_source &, const gk_tensor &, const gk_tensor &) { unwritten("embed"); }
void gatherRows(const Queue &, const gk_tensor &, const gk_tensor &, const gk_tensor &) { unwritten("gatherRows"); }
void gatherCols(const Queue &, const gk_tensor &, const gk_tensor &, const gk_tensor &) { unwritten("gatherCols"); }
void quantize(const Queue &, const gk_tensor &, const gk_tensor &) { unwritten("quantize"); }
void matMul(const Queue &, const gk_weight &, const gk_tensor &, const gk_tensor &) { unwritten("matMul"); }
void qkv(const Queue &, const gk_weight &, const gk_weight &, const gk_weight &, const gk_tensor &, const gk_tensor &,
         const gk_tensor &, const gk_tensor &) {
  unwritten("qkv");
}
void gateUp(const Queue &, const gk_weight &, const gk_weight &, const gk_tensor &, const gk_tensor &) {
  unwritten("gateUp");
}
void ropeTable(const Queue &, const gk_batch &, const float *, int32_t, float, float *) { unwritten("ropeTable"); }
void route(const Queue &, const gk_tensor &, bool, const gk_tensor &, const gk_tensor &) { unwritten("route"); }
void expertGateUp(const Queue &, const gk_weight &, const gk_weight &, const gk_tensor &, const gk_tensor &,
                  const gk_tensor &) {
  unwritten("expertGateUp");
}
void expertDown(const Queue &, const gk_weight &, const gk_tensor &, const gk_tensor &, const gk_tensor &,
                const gk_tensor &) {
  unwritten("expertDown");
}
double measureRead(const Queue &, const void *, int64_t, int32_t) { unwritten("measureRead"); }
double measureInt8(const Queue &) { unwritten("measureInt8"); }
double measureBf16(const Queue &) { unwritten("measureBf16"); }

}  // namespace gatun::cuda
