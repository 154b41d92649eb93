// unwritten.cu: the ops that are still to be written; each refuses.
#include "ops.hpp"

namespace gatun::cuda {
namespace {

[[noreturn]] void unwritten(const char *op) { throw Error(GK_UNSUPPORTED, "%s is not written for CUDA yet", op); }

}  // namespace


}  // namespace gatun::cuda
