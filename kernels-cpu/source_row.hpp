// source_row.hpp: one run of whole blocks of a checkpoint's row, dequantised.
#pragma once

#include <stdint.h>

namespace gatun::cpu {

// Bit-equal to the format's reference. count: a multiple of the type's block. Not for GK_AWQ, GK_GPTQ.
void dequantizeRow(int32_t dtype, const void *source, int64_t count, float *destination);

}  // namespace gatun::cpu
