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

  /**
   * The beginning of a tool call, as soon as its name is known.
   *
   * @param index of the call in the answer, from 0
   */
  default void toolCall(int index, String id, String name) {}

  /**
   * The next piece of a call's arguments.
   *
   * @param piece never empty; all pieces together are {@link ToolCall#arguments}
   */
  default void toolArguments(int index, String piece) {}

  /** A token that was drawn, where {@link ChatOptions#topLogProbs} asks for it; before its text. */
  default void token(TokenLogProb token) {}

  /** Hears nothing. */
  static AnswerListener none() {
    return piece -> {};
  }
}
