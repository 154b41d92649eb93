// ThinkingOptions: how long a model may think before it answers.
package dev.gatun.chat;

import dev.gatun.refusal.Refusal;
import java.util.Objects;

/**
 * Thinking that is ended goes on as if the model had written the message and its closing tag; these
 * tokens count as thinking, and among the most that the answer may have. An answer that has no room
 * for them and one more ends there, by its own limit.
 *
 * @param budget most tokens of thinking that are drawn, the tags among them, 0 or more, or -1 for
 *     as many as the answer may have; when they are spent the thinking is closed and the model
 *     answers. 0 closes it as soon as the prompt or the model has opened it; that a model does not
 *     think at all is for its template to say, as Qwen3's does with {@code enable_thinking}
 * @param message written before the closing tag where the budget or the guard ends the thinking, as
 *     it stands; no special token can be written so
 * @param guardsLoops whether thinking that goes round in a loop is ended too: the same tokens, up
 *     to some 1,000 of them, four times or more without a break, over 512 tokens or more
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
