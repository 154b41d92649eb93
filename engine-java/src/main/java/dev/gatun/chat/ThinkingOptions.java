// ThinkingOptions: how long a model may think before it answers.
package dev.gatun.chat;

import dev.gatun.refusal.Refusal;
import java.util.Objects;

/**
 * @param budget most tokens of thinking, 0 or more, or -1 for as many as the answer may have; when
 *     they are spent the thinking is closed and the model answers
 * @param message written before the closing tag where the budget or the guard ends the thinking
 * @param guardsLoops whether thinking that goes round in a loop is ended too
 */
public record ThinkingOptions(int budget, String message, boolean guardsLoops) {
  public ThinkingOptions {
    Objects.requireNonNull(message, "message");
    if (budget < -1) {
      throw Refusal.usage(
          "a thinking budget of " + budget + " tokens", "give -1 for no limit, or 0 and more");
    }
  }

  /** As long as it takes; loops are ended. */
  public static ThinkingOptions defaults() {
    return new ThinkingOptions(-1, "", true);
  }

  public ThinkingOptions withBudget(int tokens) {
    return new ThinkingOptions(tokens, message, guardsLoops);
  }

  public ThinkingOptions withMessage(String text) {
    return new ThinkingOptions(budget, text, guardsLoops);
  }

  public ThinkingOptions withLoopGuard(boolean value) {
    return new ThinkingOptions(budget, message, value);
  }
}
