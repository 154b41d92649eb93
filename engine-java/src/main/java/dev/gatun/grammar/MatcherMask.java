// MatcherMask: the mask of a grammar, by a matcher of llguidance's.
package dev.gatun.grammar;

import dev.gatun.bindings.llguidance.LlGuidance;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.TokenMask;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

final class MatcherMask implements TokenMask {
  private final Arena arena = Arena.ofShared(); // of one thread after the other
  private final MemorySegment matcher;
  private final MemorySegment words;
  private boolean current;

  /**
   * @param matcher freed with the mask
   */
  MatcherMask(MemorySegment matcher) {
    this.matcher = matcher.reinterpret(arena, LlGuidance::llg_free_matcher);
    words = arena.allocate(LlGuidance.llg_matcher_get_mask_byte_size(matcher), Integer.BYTES);
  }

  @Override
  public MemorySegment allowed() {
    prepare();
    if (!current) {
      throw refused();
    }
    return words.asReadOnly();
  }

  @Override
  public void prepare() {
    current =
        current || LlGuidance.llg_matcher_compute_mask_into(matcher, words, words.byteSize()) == 0;
  }

  @Override
  public void accept(int token) {
    current = false;
    if (LlGuidance.llg_matcher_consume_token(matcher, token) != 0) {
      throw refused();
    }
  }

  @Override
  public boolean ends() {
    return LlGuidance.llg_matcher_is_stopped(matcher);
  }

  private Refusal refused() {
    return Refusal.usage(
        "the grammar cannot go on: " + error(matcher), "ask for a simpler grammar or schema");
  }

  /** What is wrong with a matcher, in a line; "" where nothing is. */
  static String error(MemorySegment matcher) {
    MemorySegment error = LlGuidance.llg_matcher_get_error(matcher);
    if (error.equals(MemorySegment.NULL)) {
      return "";
    }
    // What follows are the matcher's insides.
    String text = error.getString(0).split("\n<(state|non-verbose|backtrace)", 2)[0].strip();
    return text.length() > 300 ? text.substring(0, 300) + "..." : text;
  }

  @Override
  public void close() {
    arena.close();
  }
}
