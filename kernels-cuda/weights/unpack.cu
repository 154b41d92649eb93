// unpack.cu: rows of a packed weight as floats or bfloat16, by the code that multiplies with it.
//
// Bytes moved: the packed weights once and 4 or 2 bytes a weight: of 4-bit codes to bfloat16 2.6 a weight, four fifths
// of it written. A warp has 256 columns of a tile, 64 at a time: they pass through shared memory, so that they leave in
// runs of 128 bytes (bfloat16) of a row, 16 bytes a lane. Grid: a block for 8 such warps. Operations: about 6 a weight,
// so 1,024 weights keep a multiprocessor's schedulers for 48 cycles and the conversions from integers for 64, while an
// H200's memory takes 126 for their bytes, an RTX 4090's 850. Limit: memory.
#include "ops.hpp"
#include "weights/exact.hpp"

namespace gatun::cuda {
namespace {

constexpr int warps = 8;

template <class To>
constexpr int perStore = 16 / static_cast<int>(sizeof(To));

// 64 columns of a tile. A row has a quarter more than it needs, so that the rows that lanes write to at once lie in
// other banks.
template <class To>
struct Slab {
  To row[tileRows][pairColumns + pairColumns / 4];
};
template <class To>
struct Shared {
  Slab<To> slab[warps];
};

template <class To>
struct Target {
  To *data;
  int64_t stride;
  int64_t firstRow, rows;  // of the weight
  int32_t vector;          // whether rows start at multiples of 16 bytes
};

__device__ __forceinline__ void put(float *to, float a, float b) {
  *reinterpret_cast<float2 *>(to) = make_float2(a, b);
}
__device__ __forceinline__ void put(uint16_t *to, float a, float b) {
  *reinterpret_cast<uint32_t *>(to) = toBf16x2(a, b);
}
__device__ __forceinline__ void put(float *to, float a, float b, float c, float d) {
  *reinterpret_cast<float4 *>(to) = make_float4(a, b, c, d);
}
__device__ __forceinline__ void put(uint16_t *to, float a, float b, float c, float d) {
  *reinterpret_cast<uint2 *>(to) = make_uint2(toBf16x2(a, b), toBf16x2(c, d));
}

// A block of the pair into the slab.
template <int Dtype, class To>
__device__ __forceinline__ void stage(Slab<To> &slab, int block, const float (&weight)[2][8], int lane) {
#pragma unroll
  for (int i = 0; i < 2; i++) {
    To *const row = slab.row[lane / 4 + 8 * i] + blockColumns * block;
    const float (&w)[8] = weight[i];
    if constexpr (Packed<Dtype>::plain) {
#pragma unroll
      for (int e = 0; e < 8; e += 2) {
        put(row + columnOf<Dtype>(lane % 4, e), w[e], w[e + 1]);
      }
    } else {
      put(row + columnOf<Dtype>(lane % 4, 0), w[0], w[1], w[2], w[3]);
      put(row + columnOf<Dtype>(lane % 4, 4), w[4], w[5], w[6], w[7]);
    }
  }
}

// The slab to columns `column` and on of the tile's rows that are wanted.
template <class To>
__device__ __forceinline__ void flush(const Slab<To> &slab, const Target<To> &to, int64_t tile, int64_t column,
                                      int64_t cols, int lane) {
  constexpr int lanes = pairColumns / perStore<To>;  // of a row
#pragma unroll 4
  for (int first = 0; first < tileRows; first += 32 / lanes) {
    const int i = first + lane / lanes, at = lane % lanes * perStore<To>;
    const int64_t row = tile * tileRows + i - to.firstRow;
    if (row < 0 || row >= to.rows) {
      continue;
    }
    const To *const from = slab.row[i] + at;
    To *const out = to.data + row * to.stride + column + at;
    const int64_t left = cols - column - at;
    if (to.vector && left >= perStore<To>) {
      *reinterpret_cast<uint4 *>(out) = *reinterpret_cast<const uint4 *>(from);
    } else {
      for (int e = 0; e < perStore<To> && e < left; e++) {
        out[e] = from[e];
      }
    }
  }
}

template <int Dtype, class To>
__global__ void __launch_bounds__(32 * warps, 3) unpackQuads(Matrix m, Target<To> to) {
  dependencyWait();
  dependencyTrigger();
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  const int64_t quads = (m.pairs + 3) / 4, index = int64_t{blockIdx.x} * warps + warp;
  const int64_t tile = to.firstRow / tileRows + index / quads;
  const auto quad = static_cast<int32_t>(index % quads);
  if (tile * tileRows >= to.firstRow + to.rows) {
    return;
  }
  Slab<To> &slab = shared<Shared<To>>().slab[warp];
  const uint8_t *data = m.data + tile * m.planes.size;
  const Factors<Dtype> own = factorsOf<Dtype>(loadFactors<Dtype>(data, m, quad, lane), lane);
  for (int pair = 0; pair < 4 && 4 * quad + pair < m.pairs; pair++) {
    const Codes<Dtype> codes = loadCodes<Dtype>(data, m.planes, 4 * quad + pair, lane);
    float weight[2][8];
    weightsOf<Dtype, 0>(codes, factorsOfBlock<Dtype>(own, 2 * pair, lane), weight);
    stage<Dtype>(slab, 0, weight, lane);
    weightsOf<Dtype, 1>(codes, factorsOfBlock<Dtype>(own, 2 * pair + 1, lane), weight);
    stage<Dtype>(slab, 1, weight, lane);
    __syncwarp();
    flush(slab, to, tile, int64_t{quad} * quadColumns + pair * pairColumns, m.cols, lane);
    __syncwarp();
  }
}

template <class To>
void start(const Queue &queue, const gk_weight &weight, int64_t expert, int64_t firstRow, const gk_tensor &y,
           int64_t stride) {
  const Matrix m = matrixOf(weight, expert);
  const Target<To> to = {static_cast<To *>(y.data), stride, firstRow, y.rows, stride % perStore<To> == 0};
  const int64_t tiles = ceilDiv(firstRow + y.rows, tileRows) - firstRow / tileRows;
  const LaunchShape shape = {gridOf(ceilDiv(tiles * ceilDiv(m.pairs, 4), warps)), 32 * warps, sizeof(Shared<To>)};
  forWeightType(weight.dtype, [&]<int Dtype>() { launch(queue, shape, unpackQuads<Dtype, To>, m, to); });
}

}  // namespace

void unpack(const Queue &queue, const gk_weight &weight, int64_t expert, int64_t firstRow, const gk_tensor &y) {
  if (y.rows == 0) {
    return;
  }
  if (y.dtype == GK_BF16) {
    start<uint16_t>(queue, weight, expert, firstRow, y, y.cols);
  } else {
    start<float>(queue, weight, expert, firstRow, y, y.stride);
  }
}

}  // namespace gatun::cuda
