// races.cpp: see races.hpp.
#include "emulation/races.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "emulation/machine.hpp"

namespace gatun::cuda::emulation {
namespace {

constexpr int maxReports = 5;

// When and by whom, in one number: from its highest bit 32 of a time that grows with every block and barrier of all
// launches, so that it tells these apart too, 20 of a time of the warp's that grows with every __syncwarp, a bit for
// each kind of `several`, and ten of the thread.
using Moment = uint64_t;
constexpr Moment nextBlockTime = Moment{1} << 32, nextWarpTime = 1 << 12, warpTimeBits = nextBlockTime - nextWarpTime;
constexpr Moment severalWarps = 1 << 11, severalLanes = 1 << 10, warpBits = 31 << 5, laneBits = 31;

// An access, or of several reads the first and who else there was.
struct Access {
  Moment moment = 0;  // 0: none
  const void *code = nullptr;
};

// What is known of each byte of a stretch of memory: most are accessed four at a time, so it is kept for these together
// until an access parts them.
template <class Record>
class Shadow {
 public:
  explicit Shadow(size_t bytes = 0) : words_((bytes + 3) / 4), parted_(words_.size()) {}

  size_t bytes() const { return 4 * words_.size(); }

  // Calls see(record, offset, bytes) for the records of an access; of one that `overwrites` it makes equal records.
  template <class See>
  [[gnu::always_inline]] void access(size_t offset, size_t bytes, bool overwrites, See see) {
    for (size_t i = offset; i < offset + bytes;) {
      const size_t word = i / 4;
      const bool whole = i % 4 == 0 && offset + bytes - i >= 4;
      if (whole && !parted_[word]) {
        see(words_[word], i, 4);
        i += 4;
        continue;
      }
      part(word);
      for (const size_t end = whole ? i + 4 : i + 1; i < end; ++i) {
        see(bytes_[i], i, 1);
      }
      if (whole && overwrites) {
        words_[word] = bytes_[4 * word];
        parted_[word] = 0;
      }
    }
  }

 private:
  void part(size_t word) {
    if (parted_[word]) {
      return;
    }
    bytes_.resize(bytes());
    for (size_t i = 0; i < 4; ++i) {
      bytes_[4 * word + i] = words_[word];
    }
    parted_[word] = 1;
  }

  std::vector<Record> words_;
  std::vector<unsigned char> parted_;
  std::vector<Record> bytes_;  // of words that are parted; empty before the first is
};

// The reads are those since the write: what is ordered after a write is so after what the write was ordered after.
struct SharedRecord {
  Access write, read;
};

// A launch's writes of global memory, a page at a time.
class Pages {
 public:
  using Page = Shadow<Access>;
  static constexpr size_t pageBytes = 1024;

  // Of the byte at `address`; null where nothing of it was written.
  Page *find(uintptr_t address) {
    const uintptr_t number = address / pageBytes;
    Known &known = known_[number % std::size(known_)];
    if (known.number != number) {
      const auto found = pages_.find(number);
      known = {number, found == pages_.end() ? nullptr : &found->second};
    }
    return known.page;
  }

  Page &make(uintptr_t address) {
    if (Page *const found = find(address)) {
      return *found;
    }
    const uintptr_t number = address / pageBytes;
    Page &made = pages_.try_emplace(number, pageBytes).first->second;
    known_[number % std::size(known_)] = {number, &made};
    return made;
  }

  bool empty() const { return pages_.empty(); }

  void clear() {
    pages_.clear();
    std::fill(std::begin(known_), std::end(known_), Known{});
  }

  // Calls see(address, offset, bytes) for the parts of a stretch that lie in one page each.
  template <class See>
  static void split(uintptr_t address, size_t bytes, See see) {
    for (const uintptr_t end = address + bytes; address < end;) {
      const size_t offset = address % pageBytes, here = std::min<size_t>(pageBytes - offset, end - address);
      see(address, offset, here);
      address += here;
    }
  }

 private:
  struct Known {
    uintptr_t number = 0;  // no page: address 0 is nobody's
    Page *page = nullptr;
  };
  std::unordered_map<uintptr_t, Page> pages_;
  Known known_[64];
};

Moment blockTime = 0, blockBegan = 0;
uint32_t warpTimes[32];  // in units of nextWarpTime
Shadow<SharedRecord> sharedBytes;
Pages globalBytes, bytesBefore;  // of the launch, of the one before
int found = 0, reports = 0;

Moment now() {
  const auto thread = static_cast<unsigned>(running.thread);
  return blockTime | warpTimes[thread / warpLanes] | thread;
}

// Both in one block.
bool ordered(Moment before, Moment after) {
  const Moment differ = before ^ after;
  return differ >= nextBlockTime || ((differ & (severalWarps | warpBits)) == 0 &&
                                     ((differ & warpTimeBits) != 0 || (differ & (severalLanes | laneBits)) == 0));
}

void printCode(const char *what, const void *code) {
  Dl_info info = {};
  if (code != nullptr && dladdr(code, &info) != 0) {
    const auto offset = static_cast<const char *>(code) - static_cast<const char *>(info.dli_fbase);
    std::fprintf(stderr, "  %s: addr2line -ipfCe %s 0x%zx\n", what, info.dli_fname, static_cast<size_t>(offset) - 1);
  }
}

void report(const char *memory, uintptr_t at, size_t bytes, bool write, const char *other, const Access &before,
            const void *code) {
  static const void *last = nullptr, *lastBefore = nullptr;
  found += static_cast<int>(bytes);
  if (reports == maxReports || (reports > 0 && last == code && lastBefore == before.code)) {
    return;  // several bytes of one access, or another turn of a loop
  }
  ++reports;
  last = code;
  lastBefore = before.code;
  const bool several = (before.moment & (severalWarps | severalLanes)) != 0;
  const std::string who =
      several ? "several threads" : "thread " + std::to_string(before.moment & (warpBits | laneBits));
  std::fprintf(stderr, "emulated GPU: a race in %s at %#zx: thread %d %s what %s %s\n", memory, static_cast<size_t>(at),
               running.thread, write ? "writes" : "reads", who.c_str(), other);
  printCode("this access", code);
  printCode("the other", before.code);
}

// `read` becomes what all reads of this time are.
inline void addRead(Access &read, const Access &access) {
  const Moment differ = read.moment ^ access.moment;
  if (differ >= nextBlockTime) {
    read = access;
  } else if ((differ & (severalWarps | warpBits)) != 0) {
    read.moment |= severalWarps;
  } else if ((differ & warpTimeBits) != 0) {
    read = access;
  } else if (differ != 0) {
    read.moment |= severalLanes;
  }
}

[[gnu::always_inline]] inline void sharedAccess(size_t offset, size_t bytes, bool write, const void *code) {
  const Access access = {now(), code};
  sharedBytes.access(offset, bytes, write, [&](SharedRecord &record, size_t at, size_t of) {
    if (!ordered(record.write.moment, access.moment)) {
      report("shared memory", at, of, write, "wrote", record.write, code);
    }
    if (!write) {
      addRead(record.read, access);
      return;
    }
    if (!ordered(record.read.moment, access.moment)) {
      report("shared memory", at, of, write, "read", record.read, code);
    }
    record = {access, {}};
  });
}

void globalAccess(uintptr_t address, size_t bytes, bool write, const void *code) {
  const Access access = {now(), code};
  Pages::split(address, bytes, [&](uintptr_t begin, size_t offset, size_t here) {
    Pages::Page *const page = write ? &globalBytes.make(begin) : globalBytes.find(begin);
    if (page == nullptr) {
      return;
    }
    page->access(offset, here, write, [&](Access &before, size_t at, size_t of) {
      const bool otherBlock = before.moment != 0 && before.moment < blockBegan;
      if (otherBlock || !ordered(before.moment, access.moment)) {
        report(otherBlock ? "global memory, between blocks," : "global memory", begin - offset + at, of, write, "wrote",
               before, code);
      }
      if (write) {
        before = access;
      }
    });
  });
}

// A kernel may begin while the one before it runs.
void requireIndependent(uintptr_t address, size_t bytes, bool write, const void *code) {
  if (write) {
    fault("global memory is written before dependencyWait");
  }
  Pages::split(address, bytes, [&](uintptr_t begin, size_t offset, size_t here) {
    Pages::Page *const page = bytesBefore.find(begin);
    if (page == nullptr) {
      return;
    }
    page->access(offset, here, false, [&](const Access &before, size_t, size_t) {
      if (before.moment != 0) {
        printCode("the access", code);
        fault("global memory that the kernel before wrote is read before dependencyWait");
      }
    });
  });
}

// Whether nobody else can access it: most accesses are the thread's own stack, so this is asked before all else.
inline bool isOwn(const void *p) {
  return running.thread < 0 ||
         reinterpret_cast<uintptr_t>(p) - reinterpret_cast<uintptr_t>(running.stack) < running.stackBytes;
}

[[gnu::always_inline]] inline void access(const void *p, size_t bytes, bool write, const void *code) {
  const auto address = reinterpret_cast<uintptr_t>(p);
  const uintptr_t offset = address - reinterpret_cast<uintptr_t>(running.shared);
  if (offset < static_cast<size_t>(running.sharedBytes)) {
    sharedAccess(offset, std::min(bytes, static_cast<size_t>(running.sharedBytes) - offset), write, code);
    return;
  }
  if (!running.waitedForDependency) {
    requireIndependent(address, bytes, write, code);
  }
  if (write || !globalBytes.empty()) {
    globalAccess(address, bytes, write, code);
  }
}

// Apart from isOwn, which then needs no registers saved.
template <size_t bytes, bool write>
[[gnu::noinline]] void accessOf(const void *p, const void *code) {
  access(p, bytes, write, code);
}
[[gnu::noinline]] void accessRange(const void *p, size_t bytes, bool write, const void *code) {
  access(p, bytes, write, code);
}

}  // namespace

void racesBeginLaunch() {
  std::swap(bytesBefore, globalBytes);
  globalBytes.clear();
  if (sharedBytes.bytes() < static_cast<size_t>(running.sharedBytes)) {
    sharedBytes = Shadow<SharedRecord>(static_cast<size_t>(running.sharedBytes));
  }
  found = reports = 0;
}

void racesEndLaunch() {
  if (found > 0) {
    fault("%d bytes raced for", found);
  }
}

void racesBeginBlock() { blockBegan = blockTime += nextBlockTime; }
void racesOrderBlock() { blockTime += nextBlockTime; }
void racesOrderWarp(int warp) { warpTimes[warp] += static_cast<uint32_t>(nextWarpTime); }

void racesRead(const void *p, size_t bytes) {
  if (!isOwn(p)) {
    accessRange(p, bytes, false, __builtin_return_address(0));
  }
}
void racesWrite(const void *p, size_t bytes) {
  if (!isOwn(p)) {
    accessRange(p, bytes, true, __builtin_return_address(0));
  }
}
void racesCopied(const void *p, size_t bytes) {
  Pages::split(reinterpret_cast<uintptr_t>(p), bytes, [](uintptr_t begin, size_t offset, size_t here) {
    if (Pages::Page *const page = globalBytes.find(begin)) {
      page->access(offset, here, true, [](Access &before, size_t, size_t) { before = {}; });
    }
  });
}

}  // namespace gatun::cuda::emulation

// ---- what the compiler calls (source: GCC's sanitizer.def) ----

#define GATUN_ACCESS(name, bytes, write)                                              \
  extern "C" void __tsan_##name(void *p) {                                            \
    if (!gatun::cuda::emulation::isOwn(p)) {                                          \
      gatun::cuda::emulation::accessOf<bytes, write>(p, __builtin_return_address(0)); \
    }                                                                                 \
  }
#define GATUN_ACCESSES(bytes)                       \
  GATUN_ACCESS(read##bytes, bytes, false)           \
  GATUN_ACCESS(write##bytes, bytes, true)           \
  GATUN_ACCESS(unaligned_read##bytes, bytes, false) \
  GATUN_ACCESS(unaligned_write##bytes, bytes, true) \
  GATUN_ACCESS(volatile_read##bytes, bytes, false)  \
  GATUN_ACCESS(volatile_write##bytes, bytes, true)

GATUN_ACCESSES(1)
GATUN_ACCESSES(2)
GATUN_ACCESSES(4)
GATUN_ACCESSES(8)
GATUN_ACCESSES(16)

extern "C" void __tsan_read_range(void *p, size_t bytes) { gatun::cuda::emulation::racesRead(p, bytes); }
extern "C" void __tsan_write_range(void *p, size_t bytes) { gatun::cuda::emulation::racesWrite(p, bytes); }
extern "C" void __tsan_init() {}
extern "C" void __tsan_func_entry(void *) {}
extern "C" void __tsan_func_exit() {}
extern "C" void __tsan_vptr_update(void *, void *) {}
extern "C" void __tsan_vptr_read(void *) {}

// Atomics are of the host's code alone.
#define GATUN_ATOMICS(bits, Type)                                                                             \
  extern "C" Type __tsan_atomic##bits##_load(const volatile Type *p, int) { return __atomic_load_n(p, 5); }   \
  extern "C" void __tsan_atomic##bits##_store(volatile Type *p, Type v, int) { __atomic_store_n(p, v, 5); }   \
  extern "C" Type __tsan_atomic##bits##_exchange(volatile Type *p, Type v, int) {                             \
    return __atomic_exchange_n(p, v, 5);                                                                      \
  }                                                                                                           \
  extern "C" Type __tsan_atomic##bits##_fetch_add(volatile Type *p, Type v, int) {                            \
    return __atomic_fetch_add(p, v, 5);                                                                       \
  }                                                                                                           \
  extern "C" int __tsan_atomic##bits##_compare_exchange_weak(volatile Type *p, Type *e, Type v, int, int) {   \
    return __atomic_compare_exchange_n(p, e, v, true, 5, 5);                                                  \
  }                                                                                                           \
  extern "C" int __tsan_atomic##bits##_compare_exchange_strong(volatile Type *p, Type *e, Type v, int, int) { \
    return __atomic_compare_exchange_n(p, e, v, false, 5, 5);                                                 \
  }                                                                                                           \
  extern "C" Type __tsan_atomic##bits##_fetch_sub(volatile Type *p, Type v, int) { return __atomic_fetch_sub(p, v, 5); }
GATUN_ATOMICS(8, uint8_t)
GATUN_ATOMICS(32, uint32_t)
GATUN_ATOMICS(64, uint64_t)
