// launches.hpp: what each kernel asked of the emulated GPU when it was started.
//
// GATUN_EMULATION_LAUNCHES names the file it is written to when the program ends, a line for each kernel: the library's
// or program's file and the kernel's offset in it, so that its symbols name it; the most threads of a block and the
// most bytes of shared memory. scripts/cuda-resources reads these.
#pragma once

#include "emulation/machine.hpp"

namespace gatun::cuda::emulation {

void noteLaunch(const void *kernel, const LaunchShape &shape);

}  // namespace gatun::cuda::emulation
