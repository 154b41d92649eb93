// mat_mul_tiles_supers.cu: the kernels of mat_mul_tiles_block.hpp for types of super-blocks.
#include "products/mat_mul_tiles_block.hpp"

namespace gatun::cuda {

template void multiplyTiles<GK_Q2_K>(const Queue &, const TilesJob &, bool);
template void multiplyTiles<GK_Q3_K>(const Queue &, const TilesJob &, bool);
template void multiplyTiles<GK_Q4_K>(const Queue &, const TilesJob &, bool);
template void multiplyTiles<GK_Q5_K>(const Queue &, const TilesJob &, bool);
template void multiplyTiles<GK_Q6_K>(const Queue &, const TilesJob &, bool);
template void multiplyTiles<GK_IQ4_XS>(const Queue &, const TilesJob &, bool);

}  // namespace gatun::cuda
