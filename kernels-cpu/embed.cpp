// embed.cpp: rows of the embedding table. Reads one row of blocks and writes 4 bytes a weight for each token.
#include "ops.hpp"
#include "packed.hpp"
#include "source_row.hpp"

namespace gatun::cpu {
namespace {

struct Work {
  const gk_source &table;
  const int32_t *tokens;
  const int32_t *drawn;  // NULL where no entry of tokens is negative
  const gk_tensor &y;
};

// The row of the table for entry i. What was drawn may be no token at all: see enum gk_no_token.
int64_t rowOf(const Work &work, int64_t i) {
  const int32_t token = work.tokens[i];
  if (token >= 0) {
    return token;
  }
  const int32_t drawn = work.drawn[-1 - int64_t{token}];
  return drawn >= 0 && drawn < work.table.rows ? drawn : 0;
}

void rows(void *arg, int64_t begin, int64_t end, int) {
  const Work &work = *static_cast<const Work *>(arg);
  const Format format = formatOf(work.table.dtype);
  const int64_t rowBytes = work.table.cols / format.blockColumns * format.blockBytes;
  const auto *table = static_cast<const uint8_t *>(work.table.data);
  for (int64_t i = begin; i < end; i++) {
    dequantizeRow(work.table.dtype, table + rowOf(work, i) * rowBytes, work.table.cols,
                  static_cast<float *>(work.y.data) + i * work.y.stride);
  }
}

}  // namespace

void embed(Pool &pool, const gk_source &table, const gk_tensor &tokens, const gk_tensor *drawn, const gk_tensor &y) {
  Work work{table, static_cast<const int32_t *>(tokens.data),
            drawn != nullptr ? static_cast<const int32_t *>(drawn->data) : nullptr, y};
  pool.parallelFor(y.rows, 4, rows, &work);
}

}  // namespace gatun::cpu
