// races.cpp: see races.hpp.
#include "emulation/races.hpp"

#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <unordered_map>
#include <vector>

#include "emulation/machine.hpp"

namespace gatun::cuda::emulation {
namespace {

constexpr int maxReports = 5;

// An access, or of several reads by one warp at one time the lanes. `blockTime` grows with every block and barrier of
// the launch, so that it tells blocks apart too once it is compared with the block's first.
struct Access {
  uint32_t blockTime = 0;  // 0: none
  uint32_t warpTime = 0;
  uint32_t lanes = 0;
  int16_t warp = 0;  // -1: several
  const void *code = nullptr;
};

struct Byte {
  Access write, read;
};

struct Word {
  Access writes[8];
};

uint32_t blockTime = 0, blockBegan = 0;
uint32_t warpTimes[32];
std::vector<Byte> sharedBytes;
std::unordered_map<uintptr_t, Word> globalWords, wordsBefore;  // of the launch, of the one before
int found = 0, reports = 0;

Access now(const void *code) {
  const int warp = running.thread / warpLanes;
  return {blockTime, warpTimes[warp], 1u << running.thread % warpLanes, static_cast<int16_t>(warp), code};
}

// Both in one block.
bool ordered(const Access &before, const Access &after) {
  if (before.blockTime != after.blockTime) {
    return true;
  }
  return before.warp == after.warp && (before.warpTime != after.warpTime || (before.lanes & ~after.lanes) == 0);
}

void printCode(const char *what, const void *code) {
  Dl_info info = {};
  if (code != nullptr && dladdr(code, &info) != 0) {
    const auto offset = static_cast<const char *>(code) - static_cast<const char *>(info.dli_fbase);
    std::fprintf(stderr, "  %s: addr2line -ipfCe %s 0x%zx\n", what, info.dli_fname, static_cast<size_t>(offset) - 1);
  }
}

void report(const char *memory, uintptr_t at, bool write, const char *other, const Access &before, const void *code) {
  static const void *last = nullptr, *lastBefore = nullptr;
  ++found;
  if (reports == maxReports || (reports > 0 && last == code && lastBefore == before.code)) {
    return;  // several bytes of one access, or another turn of a loop
  }
  ++reports;
  last = code;
  lastBefore = before.code;
  const bool several = before.warp < 0 || (before.lanes & (before.lanes - 1)) != 0;
  const std::string who =
      several ? "several threads" : "thread " + std::to_string(before.warp * warpLanes + __builtin_ctz(before.lanes));
  std::fprintf(stderr, "emulated GPU: a race in %s at %#zx: thread %d %s what %s %s\n", memory, static_cast<size_t>(at),
               running.thread, write ? "writes" : "reads", who.c_str(), other);
  printCode("this access", code);
  printCode("the other", before.code);
}

void sharedAccess(size_t offset, size_t bytes, bool write, const void *code) {
  const Access access = now(code);
  for (size_t i = offset; i < offset + bytes && i < sharedBytes.size(); ++i) {
    Byte &byte = sharedBytes[i];
    if (!ordered(byte.write, access)) {
      report("shared memory", i, write, "wrote", byte.write, code);
    }
    if (write) {
      if (!ordered(byte.read, access)) {
        report("shared memory", i, write, "read", byte.read, code);
      }
      byte.write = access;
    } else if (byte.read.blockTime != access.blockTime) {
      byte.read = access;
    } else if (byte.read.warp != access.warp) {
      byte.read.warp = -1;
    } else if (byte.read.warpTime != access.warpTime) {
      byte.read = access;
    } else {
      byte.read.lanes |= access.lanes;
    }
  }
}

void globalAccess(uintptr_t address, size_t bytes, bool write, const void *code) {
  const Access access = now(code);
  for (uintptr_t word = address / 8; word <= (address + bytes - 1) / 8; ++word) {
    auto at = globalWords.find(word);
    if (at == globalWords.end()) {
      if (!write) {
        continue;
      }
      at = globalWords.try_emplace(word).first;
    }
    for (uintptr_t i = word * 8 > address ? word * 8 : address; i < word * 8 + 8 && i < address + bytes; ++i) {
      Access &before = at->second.writes[i % 8];
      const bool otherBlock = before.blockTime != 0 && before.blockTime < blockBegan;
      if (otherBlock || !ordered(before, access)) {
        report(otherBlock ? "global memory, between blocks," : "global memory", i, write, "wrote", before, code);
      }
      if (write) {
        before = access;
      }
    }
  }
}

// A kernel may begin while the one before it runs.
void requireIndependent(uintptr_t address, size_t bytes, bool write, const void *code) {
  if (write) {
    fault("global memory is written before dependencyWait");
  }
  for (uintptr_t i = address; i < address + bytes; ++i) {
    const auto word = wordsBefore.find(i / 8);
    if (word != wordsBefore.end() && word->second.writes[i % 8].blockTime != 0) {
      printCode("the access", code);
      fault("global memory that the kernel before wrote is read before dependencyWait");
    }
  }
}

void access(uintptr_t address, size_t bytes, bool write, const void *code) {
  if (running.thread < 0 || address - reinterpret_cast<uintptr_t>(running.stack) < running.stackBytes) {
    return;
  }
  const uintptr_t offset = address - reinterpret_cast<uintptr_t>(running.shared);
  if (offset < sharedBytes.size()) {
    sharedAccess(offset, bytes, write, code);
    return;
  }
  if (!running.waitedForDependency) {
    requireIndependent(address, bytes, write, code);
  }
  if (write || !globalWords.empty()) {
    globalAccess(address, bytes, write, code);
  }
}

}  // namespace

void racesBeginLaunch() {
  wordsBefore.swap(globalWords);
  globalWords.clear();
  sharedBytes.assign(static_cast<size_t>(running.sharedBytes), {});
  blockTime = 0;
  found = reports = 0;
}

void racesEndLaunch() {
  if (found > 0) {
    fault("%d bytes raced for", found);
  }
}

void racesBeginBlock() { blockBegan = ++blockTime; }
void racesOrderBlock() { ++blockTime; }
void racesOrderWarp(int warp) { ++warpTimes[warp]; }

void racesRead(const void *p, size_t bytes) {
  access(reinterpret_cast<uintptr_t>(p), bytes, false, __builtin_return_address(0));
}
void racesWrite(const void *p, size_t bytes) {
  access(reinterpret_cast<uintptr_t>(p), bytes, true, __builtin_return_address(0));
}
void racesCopied(const void *p, size_t bytes) {
  const auto begin = reinterpret_cast<uintptr_t>(p);
  for (uintptr_t i = begin; i < begin + bytes; i += 8) {
    globalWords.erase(i / 8);
  }
}

}  // namespace gatun::cuda::emulation

// ---- what the compiler calls (source: GCC's sanitizer.def) ----

#define GATUN_ACCESS(name, bytes, write)                                                                       \
  extern "C" void __tsan_##name(void *p) {                                                                     \
    gatun::cuda::emulation::access(reinterpret_cast<uintptr_t>(p), bytes, write, __builtin_return_address(0)); \
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

extern "C" void __tsan_read_range(void *p, size_t bytes) {
  gatun::cuda::emulation::access(reinterpret_cast<uintptr_t>(p), bytes, false, __builtin_return_address(0));
}
extern "C" void __tsan_write_range(void *p, size_t bytes) {
  gatun::cuda::emulation::access(reinterpret_cast<uintptr_t>(p), bytes, true, __builtin_return_address(0));
}
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
