// unwritten.cu: the ops that are still to be written; each refuses.
#include "ops.hpp"

namespace gatun::cuda {
namespace {

[[noreturn]] void unwritten(const char *op) { throw Error(GK_UNSUPPORTED, "%s is not written for CUDA yet", op); }

}  // namespace

void expertGateUp(const Queue &, const gk_weight &, const gk_weight &, const gk_tensor &, const gk_tensor &,
                  const gk_tensor &) {
  unwritten("expertGateUp");
}
void expertDown(const Queue &, const gk_weight &, const gk_tensor &, const gk_tensor &, const gk_tensor &,
                const gk_tensor &) {
  unwritten("expertDown");
}

}  // namespace gatun::cuda
