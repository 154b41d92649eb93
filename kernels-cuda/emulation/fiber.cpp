// fiber.cpp: see fiber.hpp.
#include "emulation/fiber.hpp"

#include <pthread.h>

#include <cstdint>

#if defined(__x86_64__)
// Pushes what a function must keep, stores the stack's top at *rdi and goes on with that of rsi (source: System V
// AMD64 ABI, 3.2.1).
extern "C" void gatunSwitchStack(void **left, void *resumed);
asm(R"(
  .text
  .globl gatunSwitchStack
  .hidden gatunSwitchStack
  .type gatunSwitchStack, @function
gatunSwitchStack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .size gatunSwitchStack, .-gatunSwitchStack
)");
#endif

namespace gatun::cuda::emulation {
namespace {

#if defined(__SANITIZE_ADDRESS__)
Fiber stackOfThread() {
  Fiber fiber;
  pthread_attr_t attributes;
  void *stack = nullptr;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    pthread_attr_getstack(&attributes, &stack, &fiber.bytes);
    pthread_attr_destroy(&attributes);
  }
  fiber.stack = static_cast<char *>(stack);
  return fiber;
}
#endif

}  // namespace

Fiber ownFiber() {
#if defined(__SANITIZE_ADDRESS__)
  thread_local const Fiber own = stackOfThread();
  return own;
#else
  return {};
#endif
}

Fiber makeFiber(char *stack, size_t bytes, void (*entry)()) {
  Fiber fiber;
  fiber.stack = stack;
  fiber.bytes = bytes;
#if defined(__x86_64__)
  // As gatunSwitchStack leaves it: six registers, the address to return to, and a place for entry's own caller.
  auto *const top = reinterpret_cast<uintptr_t *>(stack + bytes) - 8;
  for (int i = 0; i < 8; ++i) {
    top[i] = 0;
  }
  top[6] = reinterpret_cast<uintptr_t>(entry);
  fiber.top = top;
#else
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = stack;
  fiber.context.uc_stack.ss_size = bytes;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, entry, 0);
#endif
  return fiber;
}

void switchFiber(Fiber &from, Fiber &to) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&from.fakeStack, to.stack, to.bytes);
#endif
#if defined(__x86_64__)
  gatunSwitchStack(&from.top, to.top);
#else
  swapcontext(&from.context, &to.context);
#endif
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(from.fakeStack, nullptr, nullptr);
#endif
}

void arrive() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
}

}  // namespace gatun::cuda::emulation
