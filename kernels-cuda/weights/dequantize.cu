// dequantize.cu: weights of a checkpoint's own blocks to floats. Reads a block's bytes, writes 4 bytes a weight; about
// 30 operations a weight. Grid: a block for each 2,048 weights. Limit: memory; it is no op of a step.
#include "ops.hpp"
#include "weights/dequantize.hpp"

namespace gatun::cuda {
namespace {

using namespace checkpoint;

__global__ void __launch_bounds__(chunkThreads)
    dequantizeChunks(int32_t dtype, const uint8_t *source, int64_t count, float *destination) {
  dependencyWait();
  dependencyTrigger();
  const BlockShape shape = blockShape(dtype);
  const int64_t first = int64_t{blockIdx.x} * chunkCols, left = count - first;
  dequantizeChunk(dtype, source + first / shape.cols * shape.bytes,
                  static_cast<int>(left < chunkCols ? left : chunkCols), destination + first);
}

}  // namespace

void dequantize(const Queue &queue, gk_dtype dtype, const void *source, int64_t count, float *destination) {
  if (count > 0) {
    launch(queue, {gridOf(ceilDiv(count, chunkCols)), chunkThreads, sizeof(Chunk)}, dequantizeChunks, dtype,
           static_cast<const uint8_t *>(source), count, destination);
  }
}

}  // namespace gatun::cuda
