// mat_mul_float_plain.cu: the kernels of mat_mul_float_block.hpp for weights that are floats. Float8 is decoded by way
// of float16: 3 operations a pair of weights, 2 conversions and 2 multiplications, where an fma each is asked for.
#include "products/mat_mul_float_block.hpp"

namespace gatun::cuda {

template void multiplyFloats<GK_F32>(const Queue &, FloatJob);
template void multiplyFloats<GK_F16>(const Queue &, FloatJob);
template void multiplyFloats<GK_BF16>(const Queue &, FloatJob);
template void multiplyFloats<GK_F8>(const Queue &, FloatJob);

}  // namespace gatun::cuda
