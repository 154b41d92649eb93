// dialect_cuda.hpp: the dialect for nvcc: thin names for instructions of sm_80 and later (source: PTX ISA 9.0).
// Fragments: lane = 4 g + t. A (16 rows): a[0] row g, a[1] row g + 8, a[2], a[3] the same rows of the second half of k;
// B (8 columns): b[0], b[1] column g, first and second half of k; D: d[0], d[1] row g, columns 2 t and 2 t + 1, d[2],
// d[3] row g + 8.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <cstring>

#include "gatun/kernels.h"

namespace gatun::cuda {

constexpr int32_t buildKind = GK_CUDA_DEVICE;

// ---- shared memory ----

// The block's shared memory as a T; the launch gives it at least sizeof(T) bytes, uninitialised.
template <class T>
__device__ __forceinline__ T &shared() {
  extern __shared__ __align__(128) unsigned char gatunShared[];
  return *reinterpret_cast<T *>(gatunShared);
}

__device__ __forceinline__ uint32_t sharedAddress(const void *p) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(p));
}

// ---- lanes: all 32 of the warp take part ----

template <class T>
__device__ __forceinline__ T shuffle(T value, int lane) {
  return __shfl_sync(0xffffffffu, value, lane);
}
template <class T>
__device__ __forceinline__ T shuffleXor(T value, int mask) {
  return __shfl_xor_sync(0xffffffffu, value, mask);
}
template <class T>
__device__ __forceinline__ T shuffleUp(T value, int by) {
  return __shfl_up_sync(0xffffffffu, value, by);
}
template <class T>
__device__ __forceinline__ T shuffleDown(T value, int by) {
  return __shfl_down_sync(0xffffffffu, value, by);
}
__device__ __forceinline__ uint32_t ballot(bool p) { return __ballot_sync(0xffffffffu, p); }

// ---- tensor cores: d += a * b, all 32 lanes ----

// int8, m16n8k32. A word of a: 4 consecutive k from 4 t; a[2], a[3] and b[1] from 16 + 4 t.
__device__ __forceinline__ void mmaInt8(int32_t (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// The same from one start for all: d = start + a * b.
__device__ __forceinline__ void mmaInt8From(int32_t start, int32_t (&d)[4], const uint32_t (&a)[4],
                                            const uint32_t (&b)[2]) {
  asm("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%10,%10,%10,%10};"
      : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "r"(start));
}

// int8, m16n8k16: a[0] row g, a[1] row g + 8, b column g, 4 consecutive k from 4 t.
__device__ __forceinline__ void mmaInt8Half(int32_t (&d)[4], uint32_t a0, uint32_t a1, uint32_t b) {
  asm("mma.sync.aligned.m16n8k16.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
      : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
      : "r"(a0), "r"(a1), "r"(b));
}

__device__ __forceinline__ void mmaInt8HalfFrom(int32_t start, int32_t (&d)[4], uint32_t a0, uint32_t a1, uint32_t b) {
  asm("mma.sync.aligned.m16n8k16.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%7,%7,%7,%7};"
      : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3])
      : "r"(a0), "r"(a1), "r"(b), "r"(start));
}

// float16, m16n8k16. A word: 2 consecutive k from 2 t; a[2], a[3] and b[1] from 8 + 2 t.
__device__ __forceinline__ void mmaF16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

__device__ __forceinline__ void mmaBf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// Four 8 x 8 matrices of 16-bit elements from shared memory: lane l gives the address of row l % 8 of matrix l / 8
// (16 bytes, aligned); r[i] then holds elements 2 t and 2 t + 1 of row g of matrix i.
__device__ __forceinline__ void loadMatrices(uint32_t (&r)[4], const void *row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(sharedAddress(row))
               : "memory");
}

// The same, transposed: r[i] holds rows 2 t and 2 t + 1 of column g.
__device__ __forceinline__ void loadMatricesTransposed(uint32_t (&r)[4], const void *row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(sharedAddress(row))
               : "memory");
}

// ---- copies to shared memory that run on beside the thread ----

// 16 bytes, aligned; past the L1 cache. Where `read` is false, zeros and the source is not touched.
__device__ __forceinline__ void copyAsync16(void *to, const void *from, bool read = true) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
               :
               : "r"(sharedAddress(to)), "l"(from), "r"(read ? 16 : 0)
               : "memory");
}
__device__ __forceinline__ void copyAsync8(void *to, const void *from, bool read = true) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 8, %2;"
               :
               : "r"(sharedAddress(to)), "l"(from), "r"(read ? 8 : 0)
               : "memory");
}
__device__ __forceinline__ void copyAsync4(void *to, const void *from, bool read = true) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;"
               :
               : "r"(sharedAddress(to)), "l"(from), "r"(read ? 4 : 0)
               : "memory");
}
__device__ __forceinline__ void copyAsyncCommit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// Until at most N of this thread's groups are under way; other threads' copies are seen after a barrier.
template <int N>
__device__ __forceinline__ void copyAsyncWait() {
  asm volatile("cp.async.wait_group %0;" : : "n"(N) : "memory");
}

// ---- loads of packed weights, each read once ----

// For memory that no kernel writes once weights are loaded, and for nothing else: the load is not ordered with the
// wait for the kernel before, and the compiler may move it above dependencyWait.

__device__ __forceinline__ uint4 loadWeight(const uint4 *p) {
  uint4 v;
  asm("ld.global.nc.L1::no_allocate.L2::128B.v4.u32 {%0,%1,%2,%3}, [%4];"
      : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
      : "l"(p));
  return v;
}
__device__ __forceinline__ uint2 loadWeight(const uint2 *p) {
  uint2 v;
  asm("ld.global.nc.L1::no_allocate.L2::128B.v2.u32 {%0,%1}, [%2];" : "=r"(v.x), "=r"(v.y) : "l"(p));
  return v;
}
__device__ __forceinline__ uint32_t loadWeight(const uint32_t *p) {
  uint32_t v;
  asm("ld.global.nc.L1::no_allocate.L2::128B.u32 %0, [%1];" : "=r"(v) : "l"(p));
  return v;
}
__device__ __forceinline__ uint32_t loadWeight(const uint16_t *p) {
  uint32_t v;
  asm("{.reg .u16 h; ld.global.nc.L1::no_allocate.L2::128B.u16 h, [%1]; cvt.u32.u16 %0, h;}" : "=r"(v) : "l"(p));
  return v;
}
__device__ __forceinline__ uint32_t loadWeight(const uint8_t *p) {
  uint32_t v;
  asm("ld.global.nc.L1::no_allocate.L2::128B.u8 %0, [%1];" : "=r"(v) : "l"(p));
  return v;
}

// ---- bits ----

__device__ __forceinline__ uint32_t bytePermute(uint32_t a, uint32_t b, uint32_t selector) {
  return __byte_perm(a, b, selector);
}
// c + the dot product of four signed bytes.
__device__ __forceinline__ int32_t dot4(uint32_t a, uint32_t b, int32_t c) {
  return __dp4a(static_cast<int32_t>(a), static_cast<int32_t>(b), c);
}
template <class To, class From>
__device__ __forceinline__ To bitsAs(From value) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  memcpy(&to, &value, sizeof to);
  return to;
}
__device__ __forceinline__ int leadingZeros(uint32_t value) { return __clz(static_cast<int>(value)); }
__device__ __forceinline__ int countBits(uint32_t value) { return __popc(value); }

// ---- small floats: as bits; rounding to nearest even ----

__device__ __forceinline__ float fromF16(uint16_t bits) {
  float f;
  asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(bits));
  return f;
}
__device__ __forceinline__ uint16_t toF16(float f) {
  uint16_t bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(f));
  return bits;
}
// Two at once, the first in the low half.
__device__ __forceinline__ uint32_t toF16x2(float low, float high) {
  uint32_t bits;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
  return bits;
}
// Pairs of float16: a + b and a * b, each rounded once.
__device__ __forceinline__ uint32_t addF16x2(uint32_t a, uint32_t b) {
  uint32_t sum;
  asm("add.rn.f16x2 %0, %1, %2;" : "=r"(sum) : "r"(a), "r"(b));
  return sum;
}
__device__ __forceinline__ uint32_t mulF16x2(uint32_t a, uint32_t b) {
  uint32_t product;
  asm("mul.rn.f16x2 %0, %1, %2;" : "=r"(product) : "r"(a), "r"(b));
  return product;
}
__device__ __forceinline__ float fromBf16(uint16_t bits) { return bitsAs<float>(static_cast<uint32_t>(bits) << 16); }
__device__ __forceinline__ uint16_t toBf16(float f) {
  uint16_t bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(f));
  return bits;
}
__device__ __forceinline__ uint32_t toBf16x2(float low, float high) {
  uint32_t bits;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
  return bits;
}

// ---- a kernel that starts while the one before it ends (compute capability 9.0 and later; elsewhere nothing) ----

// Until everything the kernels before wrote can be read. Every kernel calls it before its first read or write of
// global memory that another kernel touches; weights may be read before.
__device__ __forceinline__ void dependencyWait() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}
// From here on the next kernel may begin.
__device__ __forceinline__ void dependencyTrigger() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;");
#endif
}

// ---- starting kernels ----

struct LaunchShape {
  dim3 grid;
  dim3 block;
  int64_t sharedBytes = 0;
};

// More than 48 KiB of shared memory must be asked for, once and for all launches of the kernel: each asks for the most
// of a block, sharedLimit, so that threads which launch it with different sizes do not undo each other's.
template <class... Parameters>
cudaError_t allowShared(int64_t sharedLimit, const LaunchShape &shape, void (*kernel)(Parameters...)) {
  return shape.sharedBytes <= 48 * 1024
             ? cudaSuccess
             : cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(sharedLimit));
}

// Starts a kernel. With `overlapping` it may begin before the one before it has ended, and waits in dependencyWait.
template <class... Parameters, class... Arguments>
cudaError_t launchOn(cudaStream_t stream, bool overlapping, int64_t sharedLimit, const LaunchShape &shape,
                     void (*kernel)(Parameters...), Arguments &&...arguments) {
  const cudaError_t status = allowShared(sharedLimit, shape, kernel);
  if (status != cudaSuccess) {
    return status;
  }
  cudaLaunchAttribute attribute = {};
  attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  attribute.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t config = {};
  config.gridDim = shape.grid;
  config.blockDim = shape.block;
  config.dynamicSmemBytes = static_cast<size_t>(shape.sharedBytes);
  config.stream = stream;
  config.attrs = &attribute;
  config.numAttrs = overlapping ? 1 : 0;
  return cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...);
}

// How many blocks of a launch a multiprocessor holds at a time.
template <class... Parameters>
cudaError_t residentBlocks(int64_t sharedLimit, const LaunchShape &shape, void (*kernel)(Parameters...), int *blocks) {
  const cudaError_t status = allowShared(sharedLimit, shape, kernel);
  return status != cudaSuccess
             ? status
             : cudaOccupancyMaxActiveBlocksPerMultiprocessor(blocks, kernel, static_cast<int>(shape.block.x),
                                                             static_cast<size_t>(shape.sharedBytes));
}

}  // namespace gatun::cuda
