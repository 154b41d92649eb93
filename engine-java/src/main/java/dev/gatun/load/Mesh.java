// Mesh: the devices besides the first that a model is spread over, and how.
package dev.gatun.load;

import dev.gatun.device.DeviceChoice;
import dev.gatun.refusal.Refusal;
import dev.gatun.shard.ExpertPlacement;
import dev.gatun.shard.ExpertShape;
import dev.gatun.shard.Placement;
import dev.gatun.weights.FeedForwardConfig;
import dev.gatun.weights.ModelConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * @param others devices of rank 1 and on; none where one device has it all
 * @param experts a file of {@link ExpertPlacement}; where empty, experts are in equal runs
 */
public record Mesh(List<DeviceChoice> others, Placement.Mode mode, Optional<Path> experts) {

  public Mesh {
    others = List.copyOf(others);
  }

  /** Experts in equal runs. */
  public Mesh(List<DeviceChoice> others, Placement.Mode mode) {
    this(others, mode, Optional.empty());
  }

  /** One device. */
  public static Mesh none() {
    return new Mesh(List.of(), Placement.Mode.TENSOR);
  }

  public Mesh withExperts(Path file) {
    return new Mesh(others, mode, Optional.of(file));
  }

  /** Devices, with the first. */
  public int size() {
    return 1 + others.size();
  }

  /**
   * Refusal.usage where the model cannot be spread so, or the file says something that is not so.
   */
  public Placement placement(ModelConfig config) {
    int[] numbers = new int[config.layers()];
    for (int layer = 0; layer < numbers.length; layer++) {
      numbers[layer] =
          config.layer(layer).feedForward() instanceof FeedForwardConfig.Routed routed
              ? routed.experts()
              : 0;
    }
    Placement placement = Placement.of(mode, size(), numbers);
    return experts
        .map(file -> placement.with(ExpertPlacement.read(file, shape(file, config), size())))
        .orElse(placement);
  }

  private static ExpertShape shape(Path file, ModelConfig config) {
    return config
        .expertShape()
        .orElseThrow(
            () ->
                Refusal.usage(
                    "'" + file + "' places experts, and the model has none", "leave it out"));
  }
}
