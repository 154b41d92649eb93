// machine.hpp: the emulated GPU: runs the blocks of a kernel one after another in a shuffled order, and the threads of
// a block as fibers, which change at barriers and where lanes of a warp meet; who goes on is chosen at random, most
// often a lane of the same warp.
//
// Stricter than a GPU where a GPU only happens to work: a barrier or a meeting of lanes that not all reach at the same
// line ends the program with a report, as do shared memory beyond the launch's own and misaligned addresses; shared
// memory begins as garbage that changes from block to block.
//
// The environment, a number each:
//   GATUN_EMULATION_SEED             chooses another order of blocks and threads
//   GATUN_EMULATION_MULTIPROCESSORS  that the device says it has, for which launches are shaped; without, 4
//   GATUN_EMULATION_SHARED_KIB       of shared memory that a block may have, 48 to 227; without, 99: the least of the
//                                    architectures that are compiled for
//   GATUN_EMULATION_FAULT            the launch whose kernel faults, for tests of what is said of it
#pragma once

#include <cstdint>
#include <functional>
#include <source_location>

#include "emulation/runtime.hpp"

namespace gatun::cuda {

struct LaunchShape {
  dim3 grid;
  dim3 block;
  int64_t sharedBytes = 0;
  std::source_location where = std::source_location::current();  // for reports
};

namespace emulation {

using Site = std::source_location;

constexpr int warpLanes = 32;

// What launches are shaped by.
struct Card {
  int multiprocessors;
  int sharedLimit;  // bytes of a block
};
// As the environment says when it is asked first; ends the program where that is no number of the range.
const Card &card();

// Whether a GPU takes the shape.
bool possible(const LaunchShape &shape);
// Runs `thread` once for every thread. cudaErrorInvalidConfiguration for a shape that no GPU takes.
cudaError_t run(const LaunchShape &shape, const std::function<void()> &thread);

// Whether the device takes a launch: counts them, and after the one that faults answers as CUDA does.
cudaError_t beginLaunch();
// What waiting for the device tells.
cudaError_t faulted();

// Prints the text with kernel, block and thread, and aborts.
[[noreturn]] __attribute__((format(printf, 1, 2))) void fault(const char *format, ...);

// Does what cudaMemcpyAsync was asked for, while no kernel runs.
void landCopies();
// Does `work` when no kernel runs, and holds back the next.
void betweenKernels(void (*work)());

// What runs now, on the thread of the host that launched it: others may meanwhile run the host's code.
struct Running {
  int thread = -1;  // within the block; -1: none
  const char *stack = nullptr;
  size_t stackBytes = 0;
  char *shared = nullptr;
  int64_t sharedBytes = 0;
  bool waitedForDependency = false;  // this thread
};
extern constinit thread_local Running running __attribute__((tls_model("initial-exec")));

// ---- for the thread that runs ----

inline int lane() { return running.thread % warpLanes; }
// Until all threads of the block are here.
void meetBlock(Site where);
// Until all 32 lanes are here; the last to come calls compute on what each brought.
using Compute = void (*)(void *const *brought);
void meetWarp(void *brought, Compute compute, Site where);
// __syncwarp: also orders the lanes' accesses to memory, which no other meeting does.
void orderWarp(Site where);
// The block's shared memory, of which `bytes` are wanted.
void *sharedMemory(int64_t bytes);
// `bytes` of shared memory at p, a multiple of `alignment`.
void needShared(const void *p, int64_t bytes, int64_t alignment, const char *what);
void copyAsync(void *to, const void *from, int bytes, bool read);
void copyAsyncCommit();
void copyAsyncWait(int groups);
void dependencyWait();

}  // namespace emulation
}  // namespace gatun::cuda
