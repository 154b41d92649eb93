// gated.hpp: what joins the two products of gate | up.
#pragma once

#include "device/dialect.hpp"

namespace gatun::cuda {

// silu(gate) * up.
__device__ __forceinline__ float gated(float gate, float up) { return gate / (1.0f + expf(-gate)) * up; }

}  // namespace gatun::cuda
