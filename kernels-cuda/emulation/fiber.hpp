// fiber.hpp: stacks that functions run on, left and resumed at will. A switch costs a few nanoseconds on x86-64;
// elsewhere it is ucontext's, with its two system calls.
#pragma once

#include <cstddef>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes) (static_cast<void>(address), static_cast<void>(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) (static_cast<void>(address), static_cast<void>(bytes))
#endif

namespace gatun::cuda::emulation {

struct Fiber {
#if defined(__x86_64__)
  void *top = nullptr;  // of the stack while another fiber runs
#else
  ucontext_t context;
#endif
  char *stack = nullptr;
  size_t bytes = 0;
  void *fakeStack = nullptr;  // the address sanitizer's
};

// The fiber of the calling thread's own stack.
Fiber ownFiber();
// A fiber that will run `entry`, which must begin with arrive() and never return.
Fiber makeFiber(char *stack, size_t bytes, void (*entry)());
// Leaves `from`, which runs, for `to`.
void switchFiber(Fiber &from, Fiber &to);
void arrive();

}  // namespace gatun::cuda::emulation
