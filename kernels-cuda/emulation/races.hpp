// races.hpp: finds accesses of two threads to one byte, one of them a write, that nothing orders. __syncthreads orders
// the threads of a block, __syncwarp the lanes of a warp; no other meeting of lanes orders memory, as CUDA states.
// Watched are the block's shared memory, and bytes of global memory once a thread of the launch has written them:
// nothing orders two blocks. Reading before another block writes is seen only in an order of blocks that writes first.
// A thread that has not called dependencyWait may write no global memory, nor read what the launch before has written.
//
// In a build with GATUN_RACES the compiler reports every access of a kernel to this check, by the calls that it makes
// for its thread sanitizer; one thread of the host at a time may then use the library's CUDA queues. In any other build
// the check is nothing.
#pragma once

#include <cstddef>

namespace gatun::cuda::emulation {

#if defined(GATUN_RACES)
void racesBeginLaunch();
// Prints what was found; races end the program.
void racesEndLaunch();
void racesBeginBlock();
void racesOrderBlock();
void racesOrderWarp(int warp);
// Accesses that the compiler does not see.
void racesRead(const void *p, size_t bytes);
void racesWrite(const void *p, size_t bytes);
// What lies there now was copied by the stream.
void racesCopied(const void *p, size_t bytes);
#else
inline void racesBeginLaunch() {}
inline void racesEndLaunch() {}
inline void racesBeginBlock() {}
inline void racesOrderBlock() {}
inline void racesOrderWarp(int) {}
inline void racesRead(const void *, size_t) {}
inline void racesWrite(const void *, size_t) {}
inline void racesCopied(const void *, size_t) {}
#endif

}  // namespace gatun::cuda::emulation
