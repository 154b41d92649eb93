// TokenMask: which tokens may follow, at each place of one answer.
package dev.gatun.sample;

import java.lang.foreign.MemorySegment;

/**
 * What a grammar says of an answer as it grows. One thread at a time, though not always the same
 * one; {@link #close} gives its memory back, once nobody draws by it any more.
 */
public interface TokenMask extends AutoCloseable {
  /**
   * The tokens that may come next.
   *
   * @return a bit a token, int32 words in native byte order, token {@code t} at bit {@code t % 32}
   *     of word {@code t / 32}. Valid until {@link #accept} or {@link #close}
   * @throws dev.gatun.refusal.Refusal (usage) where that takes more work or memory than a mask may
   */
  MemorySegment allowed();

  /**
   * Works out what {@link #allowed} will return, at a time when nobody waits for it. What goes
   * wrong is thrown there.
   */
  default void prepare() {}

  /**
   * Takes the next token of the answer.
   *
   * @param token one of {@link #allowed}
   * @throws dev.gatun.refusal.Refusal (usage) as {@link #allowed} does
   */
  void accept(int token);

  /** Whether nothing may follow but a token that ends the text, or one has come. */
  boolean ends();

  @Override
  void close();
}
