// mat_mul_float_supers.cu: the kernels of mat_mul_float_block.hpp for types of super-blocks.
#include "products/mat_mul_float_block.hpp"

namespace gatun::cuda {

template void multiplyFloats<GK_Q2_K>(const Queue &, FloatJob);
template void multiplyFloats<GK_Q3_K>(const Queue &, FloatJob);
template void multiplyFloats<GK_Q4_K>(const Queue &, FloatJob);
template void multiplyFloats<GK_Q5_K>(const Queue &, FloatJob);
template void multiplyFloats<GK_Q6_K>(const Queue &, FloatJob);
template void multiplyFloats<GK_IQ4_XS>(const Queue &, FloatJob);

}  // namespace gatun::cuda
