// ThinkingFields: how long the model may think, and where its thoughts are written.
package dev.gatun.server.openai;

import dev.gatun.chat.ThinkingOptions;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;
import dev.gatun.server.generation.Effort;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * @param options of the thinking
 * @param inContent whether thoughts are written into the content, with their tags, as llama.cpp's
 *     {@code reasoning_format: none} asks and lm-eval wants
 * @param off whether the template is told not to let the model think
 */
record ThinkingFields(ThinkingOptions options, boolean inContent, boolean off) {
  static ThinkingFields read(Fields fields) {
    ThinkingOptions options = ThinkingOptions.defaults();
    OptionalInt budget = OptionalInt.empty();
    for (String name :
        new String[] {
          "reasoning_budget_tokens", "thinking_budget_tokens", "thinking_token_budget"
        }) {
      OptionalInt value = fields.integer(name, -1, Integer.MAX_VALUE);
      if (value.isPresent() && budget.isPresent()) {
        throw ApiError.invalid(name, "two budgets of thinking; send one");
      }
      budget = value.isPresent() ? value : budget;
    }
    Optional<String> effort = fields.word("reasoning_effort", Effort.WORDS);
    if (effort.isPresent() && budget.isPresent()) {
      throw ApiError.invalid("reasoning_effort", "an effort and a budget; send one");
    }
    if (effort.isPresent()) {
      budget = OptionalInt.of(Effort.tokens(effort.get()));
    }
    if (budget.isPresent()) {
      options = options.withBudget(budget.getAsInt());
    }
    options = options.withMessage(fields.text("reasoning_budget_message").orElse(""));
    options = options.withLoopGuard(fields.flag("reasoning_loop_guard").orElse(true));
    String format = fields.word("reasoning_format", "auto", "deepseek", "none").orElse("auto");
    boolean inContent = format.equals("none");
    return new ThinkingFields(options, inContent, effort.equals(Optional.of("none")));
  }
}
