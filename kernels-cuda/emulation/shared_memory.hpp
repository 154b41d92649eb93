// shared_memory.hpp: the memory that the threads of a block share.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "emulation/fiber.hpp"
#include "emulation/machine.hpp"

namespace gatun::cuda::emulation {

// Exactly the bytes of the launch, between two zones that the address sanitizer watches; without it, a write to them is
// seen when the block has ended.
class SharedMemory {
 public:
  explicit SharedMemory(int64_t bytes) : bytes_(static_cast<size_t>(bytes)) {
    void *memory = nullptr;
    if (posix_memalign(&memory, zoneBytes, bytes_ + 2 * zoneBytes) != 0) {
      std::abort();
    }
    start_ = static_cast<char *>(memory);
    std::memset(start_, zoneByte, bytes_ + 2 * zoneBytes);
    ASAN_POISON_MEMORY_REGION(start_, zoneBytes);
    ASAN_POISON_MEMORY_REGION(data() + bytes_, zoneBytes);
  }
  ~SharedMemory() {
    ASAN_UNPOISON_MEMORY_REGION(start_, bytes_ + 2 * zoneBytes);
    std::free(start_);
  }
  SharedMemory(const SharedMemory &) = delete;
  SharedMemory &operator=(const SharedMemory &) = delete;

  char *data() const { return start_ + zoneBytes; }

  // `first`: another one, another garbage.
  void fillWithGarbage(uint64_t first) {
    for (size_t i = 0; i < bytes_; i += 8) {
      const uint64_t word = first + i * 0x9e3779b97f4a7c15u;
      std::memcpy(data() + i, &word, bytes_ - i < 8 ? bytes_ - i : 8);
    }
  }

  void checkZones() const {
#if !defined(__SANITIZE_ADDRESS__)
    for (size_t i = 0; i < zoneBytes; ++i) {
      if (static_cast<unsigned char>(start_[i]) != zoneByte ||
          static_cast<unsigned char>(data()[bytes_ + i]) != zoneByte) {
        fault("a thread wrote beyond the %zu bytes of shared memory", bytes_);
      }
    }
#endif
  }

 private:
  static constexpr size_t zoneBytes = 128;  // and the alignment of what is between them
  static constexpr unsigned char zoneByte = 0xee;
  size_t bytes_;
  char *start_;
};

}  // namespace gatun::cuda::emulation
