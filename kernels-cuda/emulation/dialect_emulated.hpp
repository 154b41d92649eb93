// dialect_emulated.hpp: the dialect for a compiler that knows no CUDA: the words of dialect_cuda.hpp, each with what
// its instruction does (source: PTX ISA 9.0) on the machine of machine.hpp.
#pragma once

#include <bit>
#include <cstring>
#include <tuple>
#include <utility>

#include "../../kernels-cpu/half.hpp"
#include "emulation/launches.hpp"
#include "emulation/machine.hpp"
#include "emulation/stream.hpp"
#include "emulation/tensor_cores.hpp"
#include "gatun/kernels.h"

// ---- barriers ----

inline void __syncthreads(std::source_location where = std::source_location::current()) {
  gatun::cuda::emulation::meetBlock(where);
}
inline void __syncwarp(unsigned lanes = 0xffffffffu, std::source_location where = std::source_location::current()) {
  if (lanes != 0xffffffffu) {
    gatun::cuda::emulation::fault("__syncwarp of lanes %08x, expected all", lanes);
  }
  gatun::cuda::emulation::orderWarp(where);
}

namespace gatun::cuda {

using emulation::Site;

constexpr int32_t buildKind = GK_CUDA_EMULATED;

template <class T>
T &shared() {
  return *static_cast<T *>(emulation::sharedMemory(sizeof(T)));
}

// ---- bits ----

template <class To, class From>
To bitsAs(From value) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &value, sizeof to);
  return to;
}
inline int leadingZeros(uint32_t value) { return std::countl_zero(value); }
inline int countBits(uint32_t value) { return std::popcount(value); }
// Byte i of the result is byte (selector >> 4 i) & 7 of b:a.
inline uint32_t bytePermute(uint32_t a, uint32_t b, uint32_t selector) {
  const uint64_t bytes = uint64_t{b} << 32 | a;
  uint32_t result = 0;
  for (int i = 0; i < 4; ++i) {
    result |= static_cast<uint32_t>(bytes >> (8 * (selector >> (4 * i) & 7)) & 0xff) << (8 * i);
  }
  return result;
}
inline int32_t dot4(uint32_t a, uint32_t b, int32_t c) {
  auto sum = static_cast<uint32_t>(c);  // wraps
  for (int i = 0; i < 32; i += 8) {
    sum += static_cast<uint32_t>(static_cast<int8_t>(a >> i) * static_cast<int8_t>(b >> i));
  }
  return static_cast<int32_t>(sum);
}

// ---- threads that add to one word ----

// Returns what was there. Not looked at by the check for races: additions need no order.
[[gnu::noinline, gnu::no_sanitize_thread]] inline uint32_t atomicAdd(uint32_t *p, uint32_t value) {
  const uint32_t before = *p;
  *p = before + value;
  return before;
}

// ---- lanes ----

namespace emulation {
// The value that lane `from` brings.
uint64_t exchange(uint64_t value, int from, Site where);

template <class T>
T exchangeAs(T value, int from, Site where) {
  static_assert(sizeof(T) <= sizeof(uint64_t));
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  bits = exchange(bits, from, where);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
}  // namespace emulation

template <class T>
T shuffle(T value, int lane, Site where = Site::current()) {
  return emulation::exchangeAs(value, lane & 31, where);
}
template <class T>
T shuffleXor(T value, int mask, Site where = Site::current()) {
  const int from = emulation::lane() ^ mask;
  return emulation::exchangeAs(value, from > 31 ? emulation::lane() : from, where);
}
template <class T>
T shuffleUp(T value, int by, Site where = Site::current()) {
  const int from = emulation::lane() - by;
  return emulation::exchangeAs(value, from < 0 ? emulation::lane() : from, where);
}
template <class T>
T shuffleDown(T value, int by, Site where = Site::current()) {
  const int from = emulation::lane() + by;
  return emulation::exchangeAs(value, from > 31 ? emulation::lane() : from, where);
}
uint32_t ballot(bool p, Site where = Site::current());

// ---- copies to shared memory that run on beside the thread: they land when waited for, until then it is garbage ----

inline void copyAsync16(void *to, const void *from, bool read = true) { emulation::copyAsync(to, from, 16, read); }
inline void copyAsync8(void *to, const void *from, bool read = true) { emulation::copyAsync(to, from, 8, read); }
inline void copyAsync4(void *to, const void *from, bool read = true) { emulation::copyAsync(to, from, 4, read); }
inline void copyAsyncCommit() { emulation::copyAsyncCommit(); }
template <int N>
void copyAsyncWait() {
  emulation::copyAsyncWait(N);
}

// ---- loads of packed weights, each read once ----

template <class T>
auto loadWeight(const T *p) {
  static_assert(std::is_same_v<T, uint4> || std::is_same_v<T, uint2> || std::is_same_v<T, uint32_t> ||
                std::is_same_v<T, uint16_t> || std::is_same_v<T, uint8_t>);
  if (reinterpret_cast<uintptr_t>(p) % sizeof(T) != 0) {
    emulation::fault("loadWeight: the address %p is no multiple of %zu", static_cast<const void *>(p), sizeof(T));
  }
  if constexpr (sizeof(T) < 4) {
    return uint32_t{*p};
  } else {
    return *p;
  }
}

// ---- small floats ----

inline float fromF16(uint16_t bits) { return cpu::f16ToF32(bits); }
inline uint16_t toF16(float f) { return f != f ? uint16_t{0x7fff} : cpu::f32ToF16(f); }
inline uint32_t toF16x2(float low, float high) { return toF16(low) | uint32_t{toF16(high)} << 16; }
// fp32 has more than twice the bits of float16 and two more: rounding to fp32 first changes nothing.
inline uint32_t addF16x2(uint32_t a, uint32_t b) {
  const auto half = [](uint32_t pair, int shift) { return fromF16(static_cast<uint16_t>(pair >> shift)); };
  return toF16x2(half(a, 0) + half(b, 0), half(a, 16) + half(b, 16));
}
inline uint32_t mulF16x2(uint32_t a, uint32_t b) {
  const auto half = [](uint32_t pair, int shift) { return fromF16(static_cast<uint16_t>(pair >> shift)); };
  return toF16x2(half(a, 0) * half(b, 0), half(a, 16) * half(b, 16));
}
inline float fromBf16(uint16_t bits) { return bitsAs<float>(static_cast<uint32_t>(bits) << 16); }
inline uint16_t toBf16(float f) {
  const auto bits = bitsAs<uint32_t>(f);
  return f != f ? uint16_t{0x7fff} : static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
inline uint32_t toBf16x2(float low, float high) { return toBf16(low) | uint32_t{toBf16(high)} << 16; }

// ---- kernels that overlap: here they do not, but every kernel must wait ----

inline void dependencyWait() { emulation::dependencyWait(); }
inline void dependencyTrigger() {}

// ---- starting kernels ----

template <class... Parameters, class... Arguments>
cudaError_t launchOn(cudaStream_t stream, bool, int64_t sharedLimit, const LaunchShape &shape,
                     void (*kernel)(Parameters...), Arguments &&...arguments) {
  if (shape.sharedBytes > sharedLimit) {
    return cudaErrorInvalidValue;
  }
  const std::tuple<Parameters...> values(static_cast<Parameters>(arguments)...);
  emulation::noteLaunch(reinterpret_cast<const void *>(kernel), shape);
  return emulation::issue(stream, shape, [kernel, values, shape] {
    // Threads read these before dependencyWait: from a stack, since a kernel before may have written where the heap has
    // them now, which looks like a race.
    const std::pair own(kernel, values);
    return emulation::run(shape, [&own] { std::apply(own.first, own.second); });
  });
}

// Two of any kernel: few enough that the blocks of a small test work more than once.
template <class... Parameters>
cudaError_t residentBlocks(int64_t, const LaunchShape &, void (*)(Parameters...), int *blocks) {
  *blocks = 2;
  return cudaSuccess;
}

}  // namespace gatun::cuda
