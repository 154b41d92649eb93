// contents.cpp: checks of what arrays hold; they cost a compare an entry and keep every access within its operand.
#include "checks.hpp"
#include "guard.hpp"
#include "ops.hpp"

namespace gatun::cpu {
namespace {

long long wide(int64_t value) { return static_cast<long long>(value); }

void checkPage(const gk_batch &batch, const gk_cache &cache, int32_t sequence, int32_t logical) {
  const int32_t page = batch.page_table[int64_t{sequence} * batch.max_pages + logical];
  if (page < 0 || page >= cache.page_count) {
    checks::refuse("batch.page_table[%d][%d] is %d, cache.page_count is %d", sequence, logical, page, cache.page_count);
  }
}

}  // namespace

void checkPositions(const gk_batch &batch) {
  const int64_t end = int64_t{batch.max_pages} * GK_PAGE_TOKENS;
  for (int64_t t = 0; t < batch.tokens; ++t) {
    if (isPadding(batch, t)) {
      continue;
    }
    if (batch.position[t] < 0 || batch.position[t] >= end) {
      checks::refuse("batch.position[%lld] is %d, expected 0 to %lld, what batch.max_pages pages hold", wide(t),
                     batch.position[t], wide(end - 1));
    }
    if (batch.sequence[t] < 0 || batch.sequence[t] >= batch.sequences) {
      checks::refuse("batch.sequence[%lld] is %d, expected -1, or 0 to %d, what batch.sequences has", wide(t),
                     batch.sequence[t], batch.sequences - 1);
    }
  }
}

void checkPages(const gk_batch &batch, const gk_cache &cache, bool past) {
  checkPositions(batch);
  int32_t checked = 0;  // pages of the current run of one sequence
  for (int64_t t = 0; t < batch.tokens; ++t) {
    if (t == 0 || batch.sequence[t] != batch.sequence[t - 1]) {
      checked = 0;
    }
    if (isPadding(batch, t)) {
      continue;
    }
    const int32_t logical = batch.position[t] / GK_PAGE_TOKENS;
    for (int32_t p = past ? checked : logical; p <= logical; ++p) {
      checkPage(batch, cache, batch.sequence[t], p);
    }
    checked = logical + 1 > checked ? logical + 1 : checked;
  }
}

void refuseBf16() { throw Error(GK_UNSUPPORTED, "the CPU back end multiplies no bfloat16"); }

void checkIds(const gk_tensor &ids, const char *name, int64_t end, const char *endName, int64_t begin) {
  for (int64_t r = 0; r < ids.rows; ++r) {
    const int32_t *const row = static_cast<const int32_t *>(ids.data) + r * ids.stride;
    for (int64_t i = 0; i < ids.cols; ++i) {
      if (row[i] < begin || row[i] >= end) {
        checks::refuse("%s[%lld][%lld] is %d, %s is %lld", name, wide(r), wide(i), row[i], endName, wide(end));
      }
    }
  }
}

void checkTokens(const gk_tensor &tokens, const gk_tensor *drawn, int64_t rows) {
  if (drawn == nullptr) {
    checkIds(tokens, "tokens", rows, "table.rows");
    return;
  }
  for (int64_t i = 0; i < tokens.cols; ++i) {
    const int32_t token = static_cast<const int32_t *>(tokens.data)[i];
    if (token >= rows || -1 - int64_t{token} >= drawn->cols) {
      checks::refuse("tokens[0][%lld] is %d, expected %lld to %lld: table.rows is %lld, drawn.cols is %lld", wide(i),
                     token, wide(-drawn->cols), wide(rows - 1), wide(rows), wide(drawn->cols));
    }
  }
}

}  // namespace gatun::cpu
