// RopeArguments: how positions are scaled for contexts longer than the model's.
package dev.gatun.cli;

import dev.gatun.weights.RopeOverride;
import java.util.Optional;
import picocli.CommandLine.Option;

/** llama.cpp's names; without them the model's own scaling. */
final class RopeArguments {
  @Option(
      names = "--rope-scaling",
      paramLabel = "none|linear|yarn",
      description = "Scaling of positions; the model's own by default. yarn: 4 times its length.")
  Optional<RopeOverride.Kind> scaling = Optional.empty();

  @Option(
      names = "--rope-scale",
      paramLabel = "N",
      description = "Factor by which the context grows.")
  Optional<Double> factor = Optional.empty();

  @Option(
      names = "--yarn-orig-ctx",
      paramLabel = "N",
      description = "Tokens of the training, from which YaRN starts; 32768 for QwQ and Qwen3.")
  Optional<Integer> originalContext = Optional.empty();

  RopeOverride choice() {
    return new RopeOverride(scaling, factor, originalContext);
  }
}
