// latent_attention.hpp: attention over a latent cache, a part of Attention.
#pragma once

#include "ops.hpp"

namespace gatun::cpu::GK_ISA {

// compute: enum gk_compute. y GK_F32; of padding nothing is written.
void attendLatents(Pool &pool, const gk_batch &batch, const gk_tensor &q, const gk_cache &cache, float scale,
                   int32_t compute, const gk_tensor &y);

}  // namespace gatun::cpu::GK_ISA
