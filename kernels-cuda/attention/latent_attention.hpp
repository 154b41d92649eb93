// latent_attention.hpp: attention over a latent cache, as attention.cu asks for it.
#pragma once

#include "attention/attention.hpp"

namespace gatun::cuda {

// Of tokens whose partial results have room in `a`, or of many, whose sums take turns in the queue's workspace.
// a.scale: times log2 e but where the cache is GK_F32.
void attendLatents(const Queue &queue, const Attention &a);

// Bytes of workspace without which nothing runs.
int64_t latentWorkspaceLeast();

}  // namespace gatun::cuda
