// dequantize.cpp: weights of a checkpoint's own blocks to floats. Reads a block's bytes, writes 4 bytes a weight.
#include <cstring>

#include "blocks.hpp"
#include "half.hpp"
#include "ops.hpp"
#include "source_row.hpp"

namespace gatun::cpu {

void dequantizeRow(int32_t dtype, const void *source, int64_t count, float *destination) {
  const auto *bytes = static_cast<const uint8_t *>(source);
  const Format format = formatOf(dtype);
  if (dtype == GK_F32) {
    std::memcpy(destination, source, static_cast<size_t>(count) * 4);
  } else if (format.bits == 0) {
    for (int64_t i = 0; i < count; i++) {
      uint16_t half;
      std::memcpy(&half, bytes + 2 * i, 2);
      destination[i] = dtype == GK_F16 ? f16ToF32(half) : floatOf(static_cast<uint32_t>(half) << 16);
    }
  } else {
    Block block;
    for (int64_t i = 0; i < count; i += format.blockColumns, bytes += format.blockBytes) {
      decodeBlock(dtype, bytes, &block);
      dequantizeBlock(dtype, block, destination + i);
    }
  }
}

namespace {

struct Work {
  int32_t dtype;
  const uint8_t *source;
  float *destination;
  int64_t count;
};

constexpr int64_t kChunk = 4096;  // weights, a multiple of every block

void chunks(void *arg, int64_t begin, int64_t end, int) {
  const Work &work = *static_cast<const Work *>(arg);
  const Format format = formatOf(work.dtype);
  const int64_t first = begin * kChunk;
  const int64_t last = end * kChunk < work.count ? end * kChunk : work.count;
  dequantizeRow(work.dtype, work.source + first / format.blockColumns * format.blockBytes, last - first,
                work.destination + first);
}

}  // namespace

void dequantize(Pool &pool, int32_t dtype, const void *source, int64_t count, float *destination) {
  Work work{dtype, static_cast<const uint8_t *>(source), destination, count};
  pool.parallelFor((count + kChunk - 1) / kChunk, 16, chunks, &work);
}

}  // namespace gatun::cpu
