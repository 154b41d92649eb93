// Answer: what a model said.
package dev.gatun.chat;

import java.util.List;
import java.util.Optional;

/**
 * @param text without the thinking, the tool calls and what ended it; after thinking without the
 *     blank lines in between
 * @param thinking what a reasoning model thought first, without its tags; empty for others
 * @param message the turn to add to the conversation's messages for the next question: all that the
 *     model wrote, so that its template finds the thinking where it looks for it, and the tool
 *     calls apart
 * @param finish why it ended; where it was {@link FinishReason#CANCELLED}, the rest is what had
 *     come
 * @param logProbs of each token that was drawn, the one that ended the answer left out, where
 *     {@link ChatOptions#topLogProbs} asks for them; else empty
 * @param stop which of {@link ChatOptions#stops} ended it, where one did
 */
public record Answer(
    String text,
    String thinking,
    Message message,
    FinishReason finish,
    ThinkingEnd thinkingEnd,
    Usage usage,
    List<TokenLogProb> logProbs,
    Optional<String> stop) {
  public Answer {
    logProbs = List.copyOf(logProbs);
  }

  /** What the model asks to be run, in order. */
  public List<ToolCall> toolCalls() {
    return message.toolCalls();
  }

  /** The same answer, which took something else. */
  public Answer withUsage(Usage value) {
    return new Answer(text, thinking, message, finish, thinkingEnd, value, logProbs, stop);
  }
}
