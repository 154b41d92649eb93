// ThinkingFields: how long the model may think, and where its thoughts are written.
package dev.gatun.server.openai;

import dev.gatun.chat.ThinkingOptions;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * @param options of the thinking
 * @param inContent whether thoughts are written into the content, with their tags, as llama.cpp's
 *     {@code reasoning_format: none} asks and lm-eval wants
 * @param off whether the template is told not to let the model think
 */
record ThinkingFields(ThinkingOptions options, boolean inContent, boolean off) {
  /** Tokens of thinking that OpenAI's words for effort stand for here. */
  private static final int MINIMAL = 512;

  private static final int LOW = 2048;
  private static final int MEDIUM = 8192;

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
    Optional<String> effort = fields.text("reasoning_effort");
    if (effort.isPresent() && budget.isPresent()) {
      throw ApiError.invalid("reasoning_effort", "an effort and a budget; send one");
    }
    if (effort.isPresent()) {
      budget = OptionalInt.of(tokens(effort.get()));
    }
    if (budget.isPresent()) {
      options = options.withBudget(budget.getAsInt());
    }
    options = options.withMessage(fields.text("reasoning_budget_message").orElse(""));
    options = options.withLoopGuard(fields.flag("reasoning_loop_guard").orElse(true));
    String format = fields.text("reasoning_format").orElse("auto");
    boolean inContent =
        switch (format) {
          case "none" -> true;
          case "auto", "deepseek" -> false;
          default ->
              throw ApiError.invalid(
                  "reasoning_format", "reasoning_format is not auto, deepseek or none");
        };
    return new ThinkingFields(options, inContent, effort.equals(Optional.of("none")));
  }

  private static int tokens(String effort) {
    return switch (effort) {
      case "none" -> 0;
      case "minimal" -> MINIMAL;
      case "low" -> LOW;
      case "medium" -> MEDIUM;
      case "high", "xhigh" -> -1;
      default ->
          throw ApiError.invalid(
              "reasoning_effort",
              "reasoning_effort is not none, minimal, low, medium, high or xhigh");
    };
  }
}
