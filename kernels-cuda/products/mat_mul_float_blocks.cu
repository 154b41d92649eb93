// mat_mul_float_blocks.cu: the kernels of mat_mul_float_block.hpp for types of 32 columns, and of groups.
#include "products/mat_mul_float_block.hpp"

namespace gatun::cuda {

template void multiplyFloats<GK_Q4_0>(const Queue &, FloatJob);
template void multiplyFloats<GK_Q4_1>(const Queue &, FloatJob);
template void multiplyFloats<GK_Q5_0>(const Queue &, FloatJob);
template void multiplyFloats<GK_Q5_1>(const Queue &, FloatJob);
template void multiplyFloats<GK_Q8_0>(const Queue &, FloatJob);
template void multiplyFloats<GK_IQ4_NL>(const Queue &, FloatJob);
template void multiplyFloats<GK_AWQ>(const Queue &, FloatJob);

}  // namespace gatun::cuda
