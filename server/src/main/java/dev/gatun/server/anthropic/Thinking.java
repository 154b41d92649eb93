// Thinking: whether the model thinks, and how long.
package dev.gatun.server.anthropic;

import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.ThinkingOptions;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;
import dev.gatun.server.generation.ThinkingVariables;
import java.util.Optional;

/** What is left out is as the model has it. */
final class Thinking {
  private Thinking() {}

  static ChatOptions read(Fields fields, ChatOptions options) {
    ThinkingOptions thinking = options.thinking();
    Optional<Fields> asked = fields.fields("thinking");
    if (asked.isEmpty()) {
      return options;
    }
    Fields own = asked.get();
    boolean thinks = true;
    switch (own.requiredText("type")) {
      case "enabled" -> {
        int budget =
            own.integer("budget_tokens", 1, Integer.MAX_VALUE)
                .orElseThrow(
                    () ->
                        ApiError.invalid(
                            "thinking.budget_tokens",
                            "thinking.budget_tokens is missing; it is required"));
        thinking = thinking.withBudget(budget);
      }
      case "adaptive" -> {}
      case "disabled" -> {
        thinks = false;
        thinking = thinking.withBudget(0);
      }
      default ->
          throw ApiError.invalid(
              "thinking.type", "thinking.type is none of enabled, disabled, adaptive");
    }
    if (thinks) {
      own.word("display", "summarized");
    }
    own.refuseOthers();
    return options.withThinking(thinking).withVariables(ThinkingVariables.of(thinks));
  }
}
