// cuda_queue.hpp: opening a queue on a device.
#pragma once

#include "device/queue.hpp"

namespace gatun::cuda {

// Throws GK_UNSUPPORTED where there is no driver, no such device, or one that is too old.
Queue openQueue(int32_t device, cudaStream_t stream);
// Returns when the stream's work is done; throws what the device reports.
void sync(const Queue &queue);

}  // namespace gatun::cuda
