// unpack_row.cu: one row of a packed weight as floats, by the code that multiplies with it. Reads one tile, writes 4
// bytes a weight; a warp for 256 columns, the limit is the start of the kernel.
#include "exact.hpp"
#include "ops.hpp"

namespace gatun::cuda {
namespace {

constexpr int warps = 8;

template <int Dtype>
__global__ void __launch_bounds__(32 * warps) unpack(Matrix m, int64_t row, float *destination) {
  dependencyWait();
  dependencyTrigger();
  const int lane = static_cast<int>(threadIdx.x % 32), r = static_cast<int>(row % tileRows);
  const auto quad = static_cast<int32_t>(blockIdx.x * warps + threadIdx.x / 32);
  if (4 * quad >= m.pairs) {
    return;
  }
  const uint8_t *tile = m.data + row / tileRows * m.planes.size;
  const Factors<Dtype> own = factorsOf<Dtype>(loadFactors<Dtype>(tile, m, quad, lane), lane);
  const auto write = [&](int block, const float (&weight)[2][8]) {
    const int64_t first = int64_t{quad} * quadColumns + block * blockColumns;
    for (int e = 0; e < 8; e++) {
      const int64_t column = first + columnOf<Dtype>(lane % 4, e);
      if (lane / 4 == r % 8 && column < m.cols) {
        destination[column] = r < 8 ? weight[0][e] : weight[1][e];
      }
    }
  };
  for (int pair = 0; pair < 4 && 4 * quad + pair < m.pairs; pair++) {
    const Codes<Dtype> codes = loadCodes<Dtype>(tile, m.planes, 4 * quad + pair, lane);
    float weight[2][8];
    weightsOf<Dtype, 0>(codes, factorsOfBlock<Dtype>(own, 2 * pair, lane), weight);
    write(2 * pair, weight);
    weightsOf<Dtype, 1>(codes, factorsOfBlock<Dtype>(own, 2 * pair + 1, lane), weight);
    write(2 * pair + 1, weight);
  }
}

}  // namespace

void unpackRow(const Queue &queue, const gk_weight &weight, int64_t expert, int64_t row, float *destination) {
  const Matrix m = matrixOf(weight, expert);
  const LaunchShape shape = {gridOf(ceilDiv(m.pairs, 4 * warps)), 32 * warps, 0};
  forWeightType(weight.dtype, [&]<int Dtype>() { launch(queue, shape, unpack<Dtype>, m, row, destination); });
}

}  // namespace gatun::cuda
