// ThinkingArguments: how long a reasoning model may think before it answers.
package dev.gatun.cli;

import dev.gatun.chat.ThinkingOptions;
import java.util.Optional;
import picocli.CommandLine.Option;

final class ThinkingArguments {
  @Option(
      names = "--reasoning-budget",
      paramLabel = "N",
      description =
          "Most tokens of thinking, then it is closed and the model answers; -1, the default, is no"
              + " limit.")
  Optional<Integer> budget = Optional.empty();

  @Option(
      names = "--reasoning-budget-message",
      paramLabel = "TEXT",
      description = "Written at the end of thinking that is closed before the model does it.")
  Optional<String> message = Optional.empty();

  @Option(
      names = "--no-loop-guard",
      description = "Let the model think on where its thinking goes round in a loop.")
  boolean unguarded;

  ThinkingOptions options() {
    ThinkingOptions defaults = ThinkingOptions.defaults();
    return new ThinkingOptions(
        budget.orElse(defaults.budget()), message.orElse(defaults.message()), !unguarded);
  }
}
