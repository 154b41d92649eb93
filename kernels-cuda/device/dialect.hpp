// dialect.hpp: the CUDA words that kernels use. nvcc compiles them to instructions (dialect_cuda.hpp); any other
// compiler to an emulation that runs every thread on the CPU (emulation/dialect_emulated.hpp). A kernel includes this
// and no header of CUDA's.
//
// Beside what is declared in the two files, kernels use of CUDA C++: __global__, __host__, __device__, __forceinline__,
// __launch_bounds__, threadIdx, blockIdx, blockDim, gridDim, __syncthreads, __syncwarp, uint2, uint4, float2, float4
// and their make_ functions, fmaf, rint and fma of doubles, sqrtf, expf, exp2f, rintf, fminf, fmaxf, fabsf, atomicAdd
// of uint32_t. Shared memory is always shared<T>(), never __shared__, and always of the launch's own size.
#pragma once

#if defined(__CUDACC__)
#include "device/dialect_cuda.hpp"
#else
#include "emulation/dialect_emulated.hpp"
#endif
