// mat_mul_float_plain.cu: the kernels of mat_mul_float_block.hpp for weights that are floats.
#include "products/mat_mul_float_block.hpp"

namespace gatun::cuda {

template void multiplyFloats<GK_F32>(const Queue &, FloatJob);
template void multiplyFloats<GK_F16>(const Queue &, FloatJob);
template void multiplyFloats<GK_BF16>(const Queue &, FloatJob);

}  // namespace gatun::cuda
