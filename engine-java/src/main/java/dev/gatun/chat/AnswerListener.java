// AnswerListener: who hears an answer as it comes.
package dev.gatun.chat;

/**
 * Called by the thread that asked, in order, between two tokens; the engine goes on meanwhile. What
 * it throws ends the answer at the next step and comes out of the call.
 */
@FunctionalInterface
public interface AnswerListener {

  /**
   * The next piece of the answer.
   *
   * @param piece whole characters, never empty; all pieces together are {@link Answer#text}
   */
  void text(String piece);

  /**
   * The next piece of the thinking, before any of the answer.
   *
   * @param piece whole characters, never empty; all pieces together are {@link Answer#thinking}
   */
  default void thinking(String piece) {}

  /** Hears nothing. */
  static AnswerListener none() {
    return piece -> {};
  }
}
