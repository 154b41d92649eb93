// TokenTable: a model's tokens as llguidance keeps them, and the matchers made over them.
package dev.gatun.grammar;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.gatun.bindings.llguidance.LlGuidance;
import dev.gatun.bindings.llguidance.LlgConstraintInit;
import dev.gatun.bindings.llguidance.LlgParserLimits;
import dev.gatun.bindings.llguidance.LlgTokenizerInitV2;
import dev.gatun.refusal.Refusal;
import dev.gatun.text.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Collection;

/** Some 40 MB for 150,000 tokens, made in half a second; freed when nobody has it any more. */
final class TokenTable {
  /** What a token begins with that is no text. */
  private static final byte MARK = (byte) 0xff;

  private static final int NO_TOKEN = -1;

  /** A text of this many characters has met as many states of the lexer, of 1 to 2 kB each. */
  private static final long MOST_LEXER_STATES = 50_000;

  private final MemorySegment tokenizer;

  /**
   * @param stopIds tokens that end a text; those that the vocabulary lacks are left out
   */
  TokenTable(Tokenizer vocabulary, Collection<Integer> stopIds) {
    Library.require();
    int size = vocabulary.vocabSize();
    int[] ends = stopIds.stream().filter(id -> id < size).mapToInt(Integer::intValue).toArray();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment init = LlgTokenizerInitV2.allocate(arena);
      LlgTokenizerInitV2.struct_size(init, LlgTokenizerInitV2.sizeof());
      LlgTokenizerInitV2.vocab_size(init, size);
      LlgTokenizerInitV2.tok_eos(init, ends.length > 0 ? ends[0] : NO_TOKEN);
      putTokens(vocabulary, stopIds, init, arena);
      // Asked only for what must follow whatever is drawn, which nobody asks for.
      LlgTokenizerInitV2.use_approximate_greedy_tokenize_fn(init, true);
      if (ends.length > 1) {
        MemorySegment others = arena.allocateFrom(JAVA_INT, ends).asSlice(Integer.BYTES);
        LlgTokenizerInitV2.tok_eos_extra(init, others);
        LlgTokenizerInitV2.tok_eos_extra_count(init, ends.length - 1);
      }
      MemorySegment error = arena.allocate(1024);
      MemorySegment made = LlGuidance.llg_new_tokenizer_v2(init, error, error.byteSize());
      if (made.equals(MemorySegment.NULL)) {
        throw Refusal.model(
            "llguidance does not take the model's tokens: " + error.getString(0),
            "ask without a schema or grammar");
      }
      tokenizer = made.reinterpret(Arena.ofAuto(), LlGuidance::llg_free_tokenizer);
    }
  }

  private static void putTokens(
      Tokenizer vocabulary, Collection<Integer> stopIds, MemorySegment init, Arena arena) {
    int size = vocabulary.vocabSize();
    MemorySegment lengths = arena.allocate(JAVA_INT, size);
    ByteArrayOutputStream all = new ByteArrayOutputStream(8 * size);
    for (int id = 0; id < size; id++) {
      byte[] bytes = vocabulary.bytes(id);
      boolean isText = !vocabulary.isSpecial(id) && !stopIds.contains(id);
      if (!isText) {
        all.write(MARK);
      }
      all.writeBytes(bytes);
      lengths.setAtIndex(JAVA_INT, id, isText ? bytes.length : 1 + bytes.length);
    }
    MemorySegment bytes = arena.allocate(JAVA_BYTE, all.size());
    bytes.copyFrom(MemorySegment.ofArray(all.toByteArray()));
    LlgTokenizerInitV2.token_lens(init, lengths);
    LlgTokenizerInitV2.token_bytes(init, bytes);
  }

  /**
   * A matcher at the beginning of a text, which the caller frees; it may be one of an error.
   *
   * @param kind of {@code grammar}: json_schema, regex or lark
   */
  MemorySegment newMatcher(String kind, String grammar) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment init = LlgConstraintInit.allocate(arena);
      LlgConstraintInit.tokenizer(init, tokenizer);
      MemorySegment limits = LlgConstraintInit.limits(init);
      // All but the states are llguidance's own limits, which 0 would not stand for.
      LlgParserLimits.max_items_in_row(limits, 2_000);
      LlgParserLimits.initial_lexer_fuel(limits, 1_000_000);
      LlgParserLimits.step_lexer_fuel(limits, 200_000);
      LlgParserLimits.step_max_items(limits, 50_000);
      LlgParserLimits.max_lexer_states(limits, MOST_LEXER_STATES);
      LlgParserLimits.max_grammar_size(limits, 500_000);
      LlgParserLimits.precompute_large_lexemes(limits, true);
      return LlGuidance.llg_new_matcher(
          init, arena.allocateFrom(kind), arena.allocateFrom(grammar));
    } finally {
      Reference.reachabilityFence(tokenizer); // init holds no more than its address
    }
  }
}
