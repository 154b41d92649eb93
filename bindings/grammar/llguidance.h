// llguidance.h: what the engine uses of the C interface of llguidance 1.9.1, for jextract; the library itself comes by
// scripts/fetch-grammar. Its own parser/llguidance.h describes all of it.
#ifndef GATUN_LLGUIDANCE_H
#define GATUN_LLGUIDANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Opaque. A tokenizer serves any threads at once, a matcher one at a time. What a matcher reads of its tokenizer it
// keeps alive itself.
typedef struct LlgTokenizer LlgTokenizer;
typedef struct LlgMatcher LlgMatcher;

typedef struct LlgTokenizerInitV2 {
  size_t struct_size;
  uint32_t vocab_size;
  uint32_t tok_eos;
  const uint32_t *token_lens;  // (vocab_size)
  const uint8_t *token_bytes;  // one token behind the other; those that are no text begin with 0xff
  const char *tokenizer_json;
  bool tokenize_assumes_string;
  const void *tokenize_fn;  // a function; NULL where the next is true
  bool use_approximate_greedy_tokenize_fn;
  const void *tokenize_user_data;
  const char *const *slices;      // NULL: its own
  const uint32_t *tok_eos_extra;  // (tok_eos_extra_count) besides tok_eos
  uint32_t tok_eos_extra_count;
} LlgTokenizerInitV2;

typedef struct LlgParserLimits {
  size_t max_items_in_row;
  uint64_t initial_lexer_fuel;
  uint64_t step_lexer_fuel;
  size_t step_max_items;
  size_t max_lexer_states;
  size_t max_grammar_size;
  bool precompute_large_lexemes;
  bool verbose_errors;
} LlgParserLimits;

typedef struct LlgConstraintInit {
  const LlgTokenizer *tokenizer;
  uint32_t log_buffer_level;
  uint32_t log_stderr_level;
  bool ff_tokens_ok;
  bool backtrack_ok;
  LlgParserLimits limits;
} LlgConstraintInit;

const char *llg_get_version(void);

// NULL where it fails, with the reason in error.
LlgTokenizer *llg_new_tokenizer_v2(const LlgTokenizerInitV2 *init, char *error, size_t error_bytes);
void llg_free_tokenizer(LlgTokenizer *tokenizer);

// Never NULL: llg_matcher_get_error says whether it is one. The kind of data is json_schema, regex or lark.
LlgMatcher *llg_new_matcher(const LlgConstraintInit *init, const char *kind, const char *data);
LlgMatcher *llg_clone_matcher(const LlgMatcher *matcher);
void llg_free_matcher(LlgMatcher *matcher);
const char *llg_matcher_get_error(LlgMatcher *matcher);

// 0, or -1 where the matcher has an error from now on.
int32_t llg_matcher_consume_token(LlgMatcher *matcher, uint32_t token);
int32_t llg_matcher_compute_mask(LlgMatcher *matcher);
int32_t llg_matcher_compute_mask_into(LlgMatcher *matcher, uint32_t *mask, size_t mask_bytes);
size_t llg_matcher_get_mask_byte_size(const LlgMatcher *matcher);
bool llg_matcher_is_stopped(const LlgMatcher *matcher);

#endif
