// machine.cpp: see machine.hpp.
#include "emulation/machine.hpp"

#include <sys/mman.h>

#include <bit>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include "emulation/fiber.hpp"
#include "emulation/races.hpp"
#include "emulation/shared_memory.hpp"

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace gatun::cuda::emulation {

constinit thread_local Running running;

namespace {

constexpr int maxThreads = 1024;
constexpr size_t stackBytes = 256 * 1024, guardBytes = 4096;
// How far apart the stacks of a warp's lanes begin, within their memory: an odd number of cache lines, so that what is
// used of them is not all in the same few sets of the cache.
constexpr size_t apartBytes = 13 * 64;
// Of 2^turnBits threads that are left one is left for any warp's.
constexpr int turnBits = 6;

struct Copy {
  void *to;
  const void *from;
  int bytes;
  int group;
  bool read;
};

struct Thread {
  Fiber fiber;
  uint3 index;
  int number = 0;  // within the block
  Site where;      // it waits
  bool returned = false;
  bool waitedForDependency = false;
  std::vector<Copy> copies;  // under way, oldest first
  int openGroup = 0;
};

struct Warp {
  uint32_t lanes = 0;     // that exist
  uint32_t runnable = 0;  // and do not run
  int arrived = 0;
  Site where;
  void *brought[warpLanes];
};

struct Machine {
  std::mutex mutex;
  std::vector<Thread> threads;
  Warp warps[maxThreads / warpLanes];
  uint32_t runnableWarps = 0;
  Fiber main;
  Thread *current = nullptr;
  int blockThreads = 0, returned = 0, atBarrier = 0;
  Site barrier;
  const std::function<void()> *body = nullptr;
  const LaunchShape *shape = nullptr;
  uint64_t seed = 1, random = 1;

  Machine() {
    if (const char *text = std::getenv("GATUN_EMULATION_SEED")) {
      seed = std::strtoull(text, nullptr, 10);
    }
    random = seed * 0x9e3779b97f4a7c15u + 1;
  }
  // `bits` random bits, at most 32.
  uint32_t draw(int bits) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>(random >> (64 - bits));
  }
  // A bit of the mask: the first from a random place on, so that the bits of a mask without gaps are equally likely.
  int drawBit(uint32_t mask) {
    const auto from = static_cast<int>(uint64_t{draw(32)} * static_cast<unsigned>(std::bit_width(mask)) >> 32);
    return from + std::countr_zero(mask >> from);
  }
};

Machine machine;

bool same(const Site &a, const Site &b) {
  return a.line() == b.line() && (a.file_name() == b.file_name() || std::strcmp(a.file_name(), b.file_name()) == 0);
}

std::string text(const Site &site) {
  const char *const slash = std::strrchr(site.file_name(), '/');
  return std::string(slash != nullptr ? slash + 1 : site.file_name()) + ":" + std::to_string(site.line()) + " (" +
         site.function_name() + ")";
}

void printKernel() {
  std::fprintf(stderr, "  kernel launched at %s, block (%u, %u, %u), GATUN_EMULATION_SEED=%llu\n",
               text(machine.shape->where).c_str(), blockIdx.x, blockIdx.y, blockIdx.z,
               static_cast<unsigned long long>(machine.seed));
}

// Where everybody waits, and the end.
[[noreturn]] void deadlock(const char *why) {
  std::fprintf(stderr, "emulated GPU: %s\n", why);
  printKernel();
  std::vector<std::pair<std::string, int>> places;
  for (int i = 0; i < machine.blockThreads; ++i) {
    const Thread &thread = machine.threads[static_cast<size_t>(i)];
    const std::string place = thread.returned ? "returned" : "at " + text(thread.where);
    size_t at = 0;
    while (at < places.size() && places[at].first != place) {
      ++at;
    }
    if (at == places.size()) {
      places.emplace_back(place, 0);
    }
    ++places[at].second;
  }
  for (const auto &[place, count] : places) {
    std::fprintf(stderr, "  %d threads %s\n", count, place.c_str());
  }
  std::abort();
}

// Not inlined: a fiber may go on in another thread of the host, where `running` lies elsewhere.
__attribute__((noinline)) void become(Thread &thread) {
  threadIdx = thread.index;
  machine.current = &thread;
  running.thread = thread.number;
  running.waitedForDependency = thread.waitedForDependency;
  running.stack = thread.fiber.stack;
  running.stackBytes = thread.fiber.bytes;
}

// A lane of the warp that can run, which it is about to.
Thread &take(int number) {
  Warp &warp = machine.warps[number];
  const int lane = machine.drawBit(warp.runnable);
  warp.runnable &= ~(1u << lane);
  if (warp.runnable == 0) {
    machine.runnableWarps &= ~(1u << number);
  }
  return machine.threads[static_cast<size_t>(number * warpLanes + lane)];
}

// Leaves the thread that runs for one that can: now and then of any warp, else of its own where there is one, since the
// stacks of another are not in the cache. Leaves it for the launch when all have returned.
void runAnother() {
  Thread &left = *machine.current;
  int warp = left.number / warpLanes;
  if (machine.warps[warp].runnable == 0 || machine.draw(turnBits) == 0) {
    if (machine.runnableWarps == 0) {
      if (machine.returned == machine.blockThreads) {
        switchFiber(left.fiber, machine.main);
        return;
      }
      deadlock("threads wait for others that cannot come");
    }
    warp = machine.drawBit(machine.runnableWarps);
  }
  Thread &next = take(warp);
  become(next);
  if (&next != &left) {
    switchFiber(left.fiber, next.fiber);
  }
}

void makeRunnable(int warp, uint32_t lanes) {
  machine.warps[warp].runnable |= lanes;
  machine.runnableWarps |= 1u << warp;
}

// What every fiber runs: a thread of one block, then one of the next.
void threadMain() {
  arrive();
  for (;;) {
    (*machine.body)();
    Thread &self = *machine.current;
    if (!self.waitedForDependency) {
      fault("a thread returned without dependencyWait");
    }
    self.returned = true;
    self.copies.clear();
    ++machine.returned;
    runAnother();
  }
}

void makeThreads(int count) {
  while (static_cast<int>(machine.threads.size()) < count) {
    void *const memory = mmap(nullptr, stackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory, guardBytes, PROT_NONE) != 0) {
      std::perror("emulated GPU: no memory for a thread's stack");
      std::abort();
    }
    const size_t unused = machine.threads.size() % warpLanes * apartBytes;
    machine.threads.emplace_back();
    machine.threads.back().fiber =
        makeFiber(static_cast<char *>(memory) + guardBytes, stackBytes - guardBytes - unused, threadMain);
  }
}

void runBlock() {
  const dim3 size = machine.shape->block;
  machine.returned = machine.atBarrier = 0;
  for (int i = 0; i < machine.blockThreads; ++i) {
    const auto n = static_cast<unsigned>(i);
    Thread &thread = machine.threads[n];
    thread.index = {n % size.x, n / size.x % size.y, n / (size.x * size.y)};
    thread.number = i;
    thread.returned = thread.waitedForDependency = false;
    thread.openGroup = 0;
  }
  for (int begin = 0; begin < machine.blockThreads; begin += warpLanes) {
    const int lanes = std::min(machine.blockThreads - begin, warpLanes);
    Warp &warp = machine.warps[begin / warpLanes];
    warp.lanes = lanes == 32 ? 0xffffffffu : (1u << lanes) - 1;
    warp.arrived = 0;
    warp.runnable = 0;
    makeRunnable(begin / warpLanes, warp.lanes);
  }
  Thread &first = take(machine.drawBit(machine.runnableWarps));
  become(first);
  switchFiber(machine.main, first.fiber);
  running.thread = -1;
}

}  // namespace

bool possible(const LaunchShape &shape) {
  const dim3 g = shape.grid, b = shape.block;
  return g.x >= 1 && g.x <= 0x7fffffff && g.y >= 1 && g.y <= 65535 && g.z >= 1 && g.z <= 65535 && b.x >= 1 &&
         b.x <= 1024 && b.y >= 1 && b.y <= 1024 && b.z >= 1 && b.z <= 64 && uint64_t{b.x} * b.y * b.z <= maxThreads &&
         shape.sharedBytes >= 0 && shape.sharedBytes <= card().sharedLimit;
}

void fault(const char *format, ...) {
  std::fputs("emulated GPU: ", stderr);
  va_list values;
  va_start(values, format);
  std::vfprintf(stderr, format, values);
  va_end(values);
  std::fprintf(stderr, "\n  thread (%u, %u, %u)\n", threadIdx.x, threadIdx.y, threadIdx.z);
  printKernel();
  std::abort();
}

void betweenKernels(void (*work)()) {
  const std::lock_guard<std::mutex> lock(machine.mutex);
  work();
}

cudaError_t run(const LaunchShape &shape, const std::function<void()> &thread) {
  if (!possible(shape)) {
    return cudaErrorInvalidConfiguration;
  }
  const std::lock_guard<std::mutex> lock(machine.mutex);
  if (beginLaunch() != cudaSuccess) {
    return faulted();
  }
  landCopies();
  machine.shape = &shape;
  machine.body = &thread;
  machine.main = ownFiber();
  machine.blockThreads = static_cast<int>(shape.block.x * shape.block.y * shape.block.z);
  machine.threads.reserve(maxThreads);  // they must not move
  makeThreads(machine.blockThreads);
  gridDim = shape.grid;
  blockDim = shape.block;
  SharedMemory shared(shape.sharedBytes);
  running.shared = shared.data();
  running.sharedBytes = shape.sharedBytes;
  racesBeginLaunch();
  std::vector<uint64_t> blocks(uint64_t{gridDim.x} * gridDim.y * gridDim.z);
  for (size_t i = 0; i < blocks.size(); ++i) {
    blocks[i] = i;
    std::swap(blocks[i], blocks[machine.draw(32) % (i + 1)]);
  }
  for (const uint64_t block : blocks) {
    blockIdx = {static_cast<unsigned>(block % gridDim.x), static_cast<unsigned>(block / gridDim.x % gridDim.y),
                static_cast<unsigned>(block / (uint64_t{gridDim.x} * gridDim.y))};
    shared.fillWithGarbage(uint64_t{machine.draw(32)} << 32 | machine.draw(32));
    racesBeginBlock();
    runBlock();
    shared.checkZones();
  }
  racesEndLaunch();
  return cudaSuccess;
}

void meetBlock(Site where) {
  Thread &self = *machine.current;
  self.where = where;
  if (machine.atBarrier == 0) {
    machine.barrier = where;
  } else if (!same(machine.barrier, where)) {
    deadlock("threads of a block wait at different barriers");
  }
  if (++machine.atBarrier == machine.blockThreads) {
    machine.atBarrier = 0;
    racesOrderBlock();
    for (int i = 0; i * warpLanes < machine.blockThreads; ++i) {
      makeRunnable(i, machine.warps[i].lanes);
    }
  }
  runAnother();
}

void meetWarp(void *brought, Compute compute, Site where) {
  Thread &self = *machine.current;
  const int number = self.number / warpLanes;
  Warp &warp = machine.warps[number];
  self.where = where;
  if (warp.arrived == 0) {
    warp.where = where;
  } else if (!same(warp.where, where)) {
    deadlock("lanes of a warp wait at different places");
  }
  warp.brought[self.number % warpLanes] = brought;
  if (++warp.arrived == warpLanes) {
    warp.arrived = 0;
    compute(warp.brought);
    makeRunnable(number, warp.lanes);
  }
  runAnother();
}

void orderWarp(Site where) {
  meetWarp(nullptr, [](void *const *) { racesOrderWarp(running.thread / warpLanes); }, where);
}

void *sharedMemory(int64_t bytes) {
  if (bytes > machine.shape->sharedBytes) {
    fault("the kernel uses %lld bytes of shared memory, its launch gives it %lld", static_cast<long long>(bytes),
          static_cast<long long>(machine.shape->sharedBytes));
  }
  return running.shared;
}

void needShared(const void *p, int64_t bytes, int64_t alignment, const char *what) {
  const auto offset = static_cast<int64_t>(reinterpret_cast<intptr_t>(p) - reinterpret_cast<intptr_t>(running.shared));
  if (offset < 0 || offset + bytes > machine.shape->sharedBytes || offset % alignment != 0) {
    fault("%s: shared memory at offset %lld, expected 0 to %lld and a multiple of %lld", what,
          static_cast<long long>(offset), static_cast<long long>(machine.shape->sharedBytes - bytes),
          static_cast<long long>(alignment));
  }
}

void copyAsync(void *to, const void *from, int bytes, bool read) {
  needShared(to, bytes, bytes, "copyAsync");
  if (read && reinterpret_cast<uintptr_t>(from) % static_cast<unsigned>(bytes) != 0) {
    fault("copyAsync: the source %p is no multiple of %d", from, bytes);
  }
  racesWrite(to, static_cast<size_t>(bytes));
  if (read) {
    racesRead(from, static_cast<size_t>(bytes));
  }
  std::memset(to, static_cast<int>(machine.draw(8)), static_cast<size_t>(bytes));
  machine.current->copies.push_back({to, from, bytes, machine.current->openGroup, read});
}

void copyAsyncCommit() { ++machine.current->openGroup; }

void copyAsyncWait(int groups) {
  Thread &self = *machine.current;
  size_t landed = 0;
  for (; landed < self.copies.size() && self.copies[landed].group < self.openGroup - groups; ++landed) {
    const Copy &copy = self.copies[landed];
    racesWrite(copy.to, static_cast<size_t>(copy.bytes));
    if (copy.read) {
      std::memcpy(copy.to, copy.from, static_cast<size_t>(copy.bytes));
    } else {
      std::memset(copy.to, 0, static_cast<size_t>(copy.bytes));
    }
  }
  self.copies.erase(self.copies.begin(), self.copies.begin() + static_cast<std::ptrdiff_t>(landed));
}

void dependencyWait() { running.waitedForDependency = machine.current->waitedForDependency = true; }

}  // namespace gatun::cuda::emulation
