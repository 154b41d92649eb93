// mat_mul_tiles_blocks.cu: the kernels of mat_mul_tiles_block.hpp for types of 32 columns, and of groups.
#include "products/mat_mul_tiles_block.hpp"

namespace gatun::cuda {

template void multiplyTiles<GK_Q4_0>(const Queue &, const TilesJob &, bool);
template void multiplyTiles<GK_Q4_1>(const Queue &, const TilesJob &, bool);
template void multiplyTiles<GK_Q5_0>(const Queue &, const TilesJob &, bool);
template void multiplyTiles<GK_Q5_1>(const Queue &, const TilesJob &, bool);
template void multiplyTiles<GK_Q8_0>(const Queue &, const TilesJob &, bool);
template void multiplyTiles<GK_IQ4_NL>(const Queue &, const TilesJob &, bool);
template void multiplyTiles<GK_AWQ>(const Queue &, const TilesJob &, bool);

}  // namespace gatun::cuda
