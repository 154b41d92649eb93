// pack.cu: repacks a checkpoint's matrix into tiles (packed.hpp) on the host and sends them to the device. Reads and
// writes every byte once, a few operations a weight; the limit is the threads, or the bus.
//
// Threads take slices of a few tiles, each with a buffer of its own, so that no second copy of a matrix ever exists and
// one slice is sent while others are repacked.
#include <atomic>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "../../kernels-cpu/blocks.hpp"
#include "device/cuda_queue.hpp"
#include "ops.hpp"
#include "weights/packed.hpp"

namespace gatun::cuda {
namespace {

constexpr int64_t sliceBytes = 2 << 20;
constexpr unsigned mostThreads = 16;

struct Work {
  const gk_source &source;
  cpu::Format format;
  Planes planes;
};

uint32_t wordAt(const uint8_t *at) {
  uint32_t word;
  std::memcpy(&word, at, 4);
  return word;
}

// Ors a word into a plane: rows g and g + 8, or blocks of a pair, may share it.
void put(uint8_t *plane, int64_t index, uint32_t word) {
  word |= wordAt(plane + 4 * index);
  std::memcpy(plane + 4 * index, &word, 4);
}

// The low nibbles of four bytes, side by side.
uint32_t nibbles(uint32_t bytes) {
  const uint32_t pairs = (bytes | bytes >> 4) & 0x00ff00ff;
  return (pairs | pairs >> 8) & 0xffff;
}

// Where block b of row r has its word of lane 4 (r % 8) + t in a plane of `words` words a lane and pair.
int64_t laneWord(int64_t b, int r, int t, int words) { return ((b / 2) * 32 + 4 * (r % 8) + t) * words; }

// 32 codes of row r into block b of the tile.
void putCodes(const Work &work, uint8_t *tile, int64_t b, int r, const uint8_t *codes) {
  const int base = codeBits(work.format), high = upperBits(work.format);
  const int lower = r / 8, m = static_cast<int>(b % 2);
  const uint32_t sign = work.format.lookup ? 0 : 0x01010101u * static_cast<uint32_t>(work.format.offset);
  for (int t = 0; t < 4; t++) {
    // Registers lower and lower + 2.
    const uint32_t first = wordAt(codes + 4 * t) ^ sign, second = wordAt(codes + 16 + 4 * t) ^ sign;
    const int64_t at = laneWord(b, r, t, base);
    if (base == 8) {
      const int64_t word = (b * 32 + 4 * (r % 8) + t) * 4 + lower;
      put(tile, word, first);
      put(tile, word + 2, second);
    } else if (work.format.lookup) {
      put(tile, at + 2 * m + lower, nibbles(first) | nibbles(second) << 16);
    } else if (base == 4) {
      put(tile, at + 2 * m + lower, (first & 0x0f0f0f0f) | (second & 0x0f0f0f0f) << 4);
    } else {
      put(tile, at + m, (first & 0x03030303) << (2 * lower) | (second & 0x03030303) << (2 * lower + 4));
    }
    if (high == 2) {
      const uint32_t one = first >> 4 & 0x03030303, two = second >> 4 & 0x03030303;
      put(tile + work.planes.high, laneWord(b, r, t, 2) + m, one << (2 * lower) | two << (2 * lower + 4));
    } else if (high == 1) {
      const uint32_t one = first >> base & 0x01010101, two = second >> base & 0x01010101;
      put(tile + work.planes.high, laneWord(b, r, t, 1), one << (4 * m + lower) | two << (4 * m + lower + 2));
    }
  }
}

// `bits` bits of values[0 .. count), from bit `from` of each, the first lowest.
uint32_t gathered(const uint8_t *values, int count, int from, int bits) {
  uint32_t word = 0;
  for (int i = 0; i < count; i++) {
    word |= (static_cast<uint32_t>(values[i]) >> from & ((1u << bits) - 1)) << (bits * i);
  }
  return word;
}

// The scales of block n of the checkpoint's row.
void putScales(const Work &work, uint8_t *tile, int64_t n, int r, const cpu::Block &block) {
  uint8_t *scales = tile + work.planes.scales, *more = tile + work.planes.more;
  const int64_t at = n * tileRows + r;
  const uint32_t dm = block.d | static_cast<uint32_t>(block.m) << 16;
  uint8_t codes[16];  // the 6-bit scales, not negative
  for (int i = 0; i < 16; i++) {
    codes[i] = static_cast<uint8_t>(block.bytes[i] + 32);
  }
  switch (work.format.scales) {
    case Scales::D:
      std::memcpy(scales + ((n / 2 * tileRows + r) * 2 + n % 2) * 2, &block.d, 2);
      break;
    case Scales::DM:
      std::memcpy(scales + ((n / 2 * tileRows + r) * 2 + n % 2) * 4, &dm, 4);
      break;
    case Scales::Super32:
      put(scales, 2 * at, block.d | gathered(codes, 8, 4, 2) << 16);
      put(scales, 2 * at + 1, gathered(codes, 8, 0, 4));
      break;
    case Scales::Super16:
      std::memcpy(scales + 2 * at, &block.d, 2);
      if (work.format.bits == 3) {
        put(more, 3 * at, gathered(codes, 8, 0, 4));
        put(more, 3 * at + 1, gathered(codes + 8, 8, 0, 4));
        put(more, 3 * at + 2, gathered(codes, 16, 4, 2));
      } else {
        std::memcpy(more + 16 * at, block.bytes, 16);
      }
      break;
    case Scales::SuperMin32: {
      uint32_t high = 0;
      for (int i = 0; i < 4; i++) {
        high |= (gathered(block.bytes + 2 * i, 2, 4, 2) | gathered(block.minima + 2 * i, 2, 4, 2) << 4) << (8 * i);
      }
      put(scales, 4 * at, dm);
      put(scales, 4 * at + 1, gathered(block.bytes, 8, 0, 4));
      put(scales, 4 * at + 2, gathered(block.minima, 8, 0, 4));
      put(scales, 4 * at + 3, high);
      break;
    }
    case Scales::SuperMin16:
      put(scales, at, dm);
      std::memcpy(more + 16 * at, block.bytes, 16);
      break;
    default:
      break;
  }
}

void packBlocks(const Work &work, int64_t row, uint8_t *tile) {
  const int64_t count = work.source.cols / work.format.blockColumns, blocks = work.format.blockColumns / blockColumns;
  const uint8_t *source = static_cast<const uint8_t *>(work.source.data) + row * count * work.format.blockBytes;
  const int r = static_cast<int>(row % tileRows);
  cpu::Block block = {};
  for (int64_t n = 0; n < count; n++, source += work.format.blockBytes) {
    cpu::decodeBlock(work.source.dtype, source, &block);
    for (int64_t i = 0; i < blocks; i++) {
      putCodes(work, tile, n * blocks + i, r, block.codes + blockColumns * i);
    }
    putScales(work, tile, n, r, block);
  }
}

void packGroups(const Work &work, int64_t first, int64_t count, uint8_t *tile) {
  const gk_source &source = work.source;
  for (int64_t g = 0; g < source.cols / source.group; g++) {
    for (int64_t r = 0; r < count; r++) {
      const cpu::GroupFactors factors = cpu::groupFactors(source, g, first + r);
      std::memcpy(tile + work.planes.scales + (g * tileRows + r) * 2, &factors.scale, 2);
      tile[work.planes.more + g * tileRows + r] = factors.zero;
    }
  }
  uint8_t codes[tileRows * blockColumns];
  for (int64_t b = 0; b < source.cols / blockColumns; b++) {
    for (int k = 0; k < blockColumns; k++) {
      cpu::groupedCodes(source, blockColumns * b + k, first, count, codes + k);
    }
    for (int r = 0; r < count; r++) {
      putCodes(work, tile, b, r, codes + blockColumns * r);
    }
  }
}

void packSquares(const Work &work, int64_t first, int64_t count, uint8_t *tile) {
  const int64_t cols = work.source.cols;
  const auto *source = static_cast<const uint8_t *>(work.source.data) + first * cols;
  for (int64_t s = 0; s < ceilDiv(cols, GK_SQUARE); s++) {
    const float scale = cpu::squareScale(work.source, s, first, count);
    std::memcpy(tile + work.planes.scales + s * 4, &scale, 4);
  }
  for (int64_t r = 0; r < count; r++, source += cols) {
    for (int64_t k = 0; k < cols; k += blockColumns) {
      const int64_t left = cols - k;
      uint8_t codes[blockColumns] = {};
      std::memcpy(codes, source + k, static_cast<size_t>(left < blockColumns ? left : blockColumns));
      putCodes(work, tile, k / blockColumns, static_cast<int>(r), codes);
    }
  }
}

// Plain floats: two columns side by side, then row g + 8, then (16 bits only) eight columns on.
void packFloats(const Work &work, int64_t row, uint8_t *tile) {
  const int64_t width = work.format.floatBytes, cols = work.source.cols, group = 32 / width;  // columns in 512 bytes
  const auto *source = static_cast<const uint8_t *>(work.source.data) + row * cols * width;
  const int64_t r = row % tileRows;
  for (int64_t k = 0; k < cols; k++) {
    const int64_t lane = 4 * (r % 8) + k % 8 / 2, element = 2 * (2 * (k % group / 8) + r / 8) + k % 2;
    std::memcpy(tile + k / group * 512 + lane * 16 + element * width, source + k * width, static_cast<size_t>(width));
  }
}

void packTile(const Work &work, int64_t t, uint8_t *tile) {
  const int64_t first = t * tileRows, left = work.source.rows - first, count = left < tileRows ? left : tileRows;
  if (work.format.scales == Scales::Group) {
    packGroups(work, first, count, tile);
    return;
  }
  if (work.format.scales == Scales::Square) {
    packSquares(work, first, count, tile);
    return;
  }
  for (int64_t row = first; row < first + count; row++) {
    work.format.bits == 0 ? packFloats(work, row, tile) : packBlocks(work, row, tile);
  }
}

// Slices of a matrix, handed out to threads that repack and send them.
class Slices {
 public:
  Slices(const Queue &queue, const Work &work, uint8_t *destination)
      : queue_(queue), work_(work), destination_(destination) {}

  void take() {
    try {
      std::vector<uint8_t> buffer(static_cast<size_t>(tilesEach() * work_.planes.size));
      for (int64_t s = next_++; s < count() && !failed_; s = next_++) {
        send(s, buffer);
        // Before the buffer is written again: a device that reads pageable memory itself may still be at it when the
        // copy's call returns. Without the lock, so that others go on.
        sync(queue_);
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      failed_ = true;
      failure_ = std::current_exception();
    }
  }
  int64_t count() const { return ceilDiv(tiles(), tilesEach()); }
  // Throws what the first thread to fail has met.
  void finish() const {
    if (failure_) {
      std::rethrow_exception(failure_);
    }
  }

 private:
  int64_t tiles() const { return cpu::tileCount(work_.source.rows); }
  int64_t tilesEach() const { return ceilDiv(sliceBytes, work_.planes.size); }

  void send(int64_t slice, std::vector<uint8_t> &buffer) {
    const int64_t first = slice * tilesEach(), left = tiles() - first, count = left < tilesEach() ? left : tilesEach();
    const auto bytes = static_cast<size_t>(count * work_.planes.size);
    std::memset(buffer.data(), 0, bytes);
    for (int64_t t = 0; t < count; t++) {
      packTile(work_, first + t, buffer.data() + t * work_.planes.size);
    }
    // A queue is one thread's at a time.
    const std::lock_guard lock(mutex_);
    use(queue_);
    checkCuda(cudaMemcpyAsync(destination_ + first * work_.planes.size, buffer.data(), bytes, cudaMemcpyDefault,
                              queue_.stream),
              "sending packed weights");
  }

  const Queue &queue_;
  const Work &work_;
  uint8_t *destination_;
  std::atomic<int64_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace

int64_t packedBytes(const gk_source &source) {
  return cpu::tileCount(source.rows) * planesOf(source.dtype, source.cols, source.group).size;
}

void pack(const Queue &queue, const gk_source &source, void *destination) {
  const Work work = {source, cpu::formatOf(source.dtype), planesOf(source.dtype, source.cols, source.group)};
  Slices slices(queue, work, static_cast<uint8_t *>(destination));
  {
    const unsigned machine = std::thread::hardware_concurrency(), most = machine < mostThreads ? machine : mostThreads;
    std::vector<std::jthread> others;
    for (unsigned i = 1; i < most && i < slices.count(); i++) {
      others.emplace_back([&slices] { slices.take(); });
    }
    slices.take();
  }
  slices.finish();
}

}  // namespace gatun::cuda
