// embed.cu: rows of the embedding table. Reads one row of blocks and writes 4 bytes a weight for each token; about 30
// operations a weight. The table may lie in pinned host memory: a row of 5,120 columns of Q4_K is 2,880 bytes. Grid: a
// block for each 2,048 columns of a token's row. Limit: the latency of the host's memory, some 2 us; for prompts its
// bus.
#include "ops.hpp"
#include "weights/dequantize.hpp"

namespace gatun::cuda {
namespace {

using namespace checkpoint;

struct Table {
  const uint8_t *data;
  int64_t rows, rowBytes;
  int32_t dtype, cols, chunks;
};

// Ids of tokens, of which -1 - k is what was drawn for row k of an earlier step.
struct Tokens {
  const int32_t *ids;
  const int32_t *drawn;
  int64_t drawnCount;  // 0 where there is none

  // Row `row` of the table, or -1.
  __device__ __forceinline__ int64_t row(int64_t index, int64_t rows) const {
    const int64_t id = ids[index];
    if (id >= 0 || -1 - id >= drawnCount) {
      return id < rows ? id : -1;
    }
    const int64_t token = drawn[-1 - id];
    return token >= 0 && token < rows ? token : 0;  // none was drawn: see enum gk_no_token
  }
};

__global__ void __launch_bounds__(chunkThreads) embedChunks(Table table, Tokens tokens, float *y, int64_t stride) {
  dependencyWait();
  dependencyTrigger();
  const int64_t row = blockIdx.x / static_cast<unsigned>(table.chunks);
  const int first = static_cast<int>(blockIdx.x % static_cast<unsigned>(table.chunks)) * chunkCols;
  const int64_t token = tokens.row(row, table.rows);
  if (token < 0) {
    return;
  }
  const BlockShape shape = blockShape(table.dtype);
  const int left = table.cols - first;
  dequantizeChunk(table.dtype, table.data + token * table.rowBytes + int64_t{first} / shape.cols * shape.bytes,
                  left < chunkCols ? left : chunkCols, y + row * stride + first);
}

}  // namespace

void embed(const Queue &queue, const gk_source &table, const gk_tensor &tokens, const gk_tensor *drawn,
           const gk_tensor &y) {
  if (y.rows == 0) {
    return;
  }
  const BlockShape shape = blockShape(table.dtype);
  const int64_t chunks = ceilDiv(table.cols, chunkCols);
  const Table t = {static_cast<const uint8_t *>(table.data), table.rows,
                   table.cols / shape.cols * shape.bytes,    table.dtype,
                   static_cast<int32_t>(table.cols),         static_cast<int32_t>(chunks)};
  const Tokens ids = {static_cast<const int32_t *>(tokens.data),
                      drawn != nullptr ? static_cast<const int32_t *>(drawn->data) : nullptr,
                      drawn != nullptr ? drawn->cols : 0};
  launch(queue, {gridOf(y.rows * chunks), chunkThreads, sizeof(Chunk)}, embedChunks, t, ids,
         static_cast<float *>(y.data), y.stride);
}

}  // namespace gatun::cuda
