// Mesh: the devices besides the first that a model is spread over, and how.
package dev.gatun.load;

import dev.gatun.device.DeviceChoice;
import dev.gatun.ranks.LocalRanks;
import dev.gatun.ranks.Ranks;
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
 * @param others devices of rank 1 and on, in this process; none where one device has it all, or
 *     where they are other processes'
 * @param mode of a model with experts
 * @param denseMode of one without
 * @param experts a file of {@link ExpertPlacement}; where empty, experts are in equal runs
 * @param processes this process's rank among several, each with one device; empty where there is
 *     one process
 * @param transport how devices are to hand each other bytes; empty for the fastest way they have
 */
public record Mesh(
    List<DeviceChoice> others,
    Placement.Mode mode,
    Placement.Mode denseMode,
    Optional<Path> experts,
    Optional<Ranks> processes,
    Optional<Transport> transport) {

  public Mesh {
    others = List.copyOf(others);
    if (processes.isPresent() && !others.isEmpty()) {
      throw new IllegalArgumentException("several processes, and this one has several devices");
    }
  }

  /** Of one process, experts in equal runs. */
  public Mesh(List<DeviceChoice> others, Placement.Mode mode) {
    this(others, mode, mode, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** Of several processes, this one's rank among them. */
  public static Mesh ofProcesses(Placement.Mode mode, Ranks ranks) {
    return new Mesh(List.of(), mode, mode, Optional.empty(), Optional.of(ranks), Optional.empty());
  }

  /** One device. */
  public static Mesh none() {
    return new Mesh(List.of(), Placement.Mode.TENSOR);
  }

  public Mesh withExperts(Path file) {
    return new Mesh(others, mode, denseMode, Optional.of(file), processes, transport);
  }

  public Mesh withTransport(Transport asked) {
    return new Mesh(others, mode, denseMode, experts, processes, Optional.of(asked));
  }

  /** Experts in equal runs. */
  Mesh withMode(Placement.Mode other) {
    return new Mesh(others, other, other, Optional.empty(), processes, transport);
  }

  /** With the one mode that is the model's. */
  public Mesh of(ModelConfig config) {
    Placement.Mode its = config.moe().isPresent() ? mode : denseMode;
    return new Mesh(others, its, its, experts, processes, transport);
  }

  /** Devices, with the first. */
  public int size() {
    return processes.map(Ranks::size).orElse(1 + others.size());
  }

  /** Of this process: the one it is, or new ones, a device each. */
  public List<Ranks> ranks() {
    return processes.map(List::of).orElseGet(() -> LocalRanks.of(size()));
  }

  /**
   * Refusal.usage where the model cannot be spread so, or the file says something that is not so.
   */
  public Placement placement(ModelConfig config) {
    if (size() > 1 && config.mtp()) {
      throw Refusal.usage(
          "the layer of multi-token prediction runs on one device", "leave out --devices, or it");
    }
    int[] numbers = new int[config.layerConfigs().size()];
    for (int layer = 0; layer < numbers.length; layer++) {
      numbers[layer] =
          config.layerConfigs().get(layer).feedForward() instanceof FeedForwardConfig.Routed routed
              ? routed.experts()
              : 0;
    }
    Placement placement = Placement.of(of(config).mode, size(), numbers);
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
