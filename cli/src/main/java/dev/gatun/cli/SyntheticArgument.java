// SyntheticArgument: a model of random weights, for commands that need no words.
package dev.gatun.cli;

import dev.gatun.refusal.Refusal;
import dev.gatun.weights.Checkpoint;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code --synthetic}, or what {@link ModelArgument} takes; what is typed wins over the
 * environment's.
 */
final class SyntheticArgument {
  @Spec(Spec.Target.MIXEE)
  CommandSpec command;

  @Mixin ModelArgument files;

  @Option(
      names = "--synthetic",
      paramLabel = "NAME[:layers=N][:type=T]",
      description =
          "Random weights in the shapes of qwq-32b, qwen3-32b, qwen3-30b-a3b, qwen2.5-0.5b,"
              + " qwen2.5-1.5b, deepseek-r1 or kimi-k2; in the types of a file of T (q4_k_m).")
  Optional<String> spec = Optional.empty();

  /**
   * @param name the file's path, or what {@code --synthetic} takes
   */
  record Opened(String name, Checkpoint checkpoint) {}

  Opened open(Stdio stdio) {
    return open(stdio, false);
  }

  /**
   * @param mtp with the layer of multi-token prediction
   */
  Opened open(Stdio stdio, boolean mtp) {
    boolean typed = command.commandLine().getParseResult().hasMatchedOption("--synthetic");
    if (spec.isEmpty() || (files.isTyped() && !typed)) {
      Path path = files.path(stdio);
      return new Opened(path.toString(), Checkpoint.open(path, mtp));
    }
    if (files.isTyped()) {
      throw Refusal.usage("--synthetic and another model are given", "keep one of them");
    }
    Checkpoint checkpoint = Checkpoint.synthetic(spec.get(), mtp);
    return new Opened(checkpoint.name(), checkpoint);
  }
}
