// Mesh: the devices besides the first that a model is spread over, and how.
package dev.gatun.load;

import dev.gatun.device.DeviceChoice;
import dev.gatun.ranks.Ranks;
import dev.gatun.refusal.Refusal;
import dev.gatun.shard.Placement;
import dev.gatun.weights.FeedForwardConfig;
import dev.gatun.weights.ModelConfig;
import java.util.List;
import java.util.Optional;

/**
 * @param others devices of rank 1 and on, in this process; none where one device has it all, or
 *     where they are other processes'
 * @param processes this process's rank among several, each with one device; empty where there is
 *     one process
 */
public record Mesh(List<DeviceChoice> others, Placement.Mode mode, Optional<Ranks> processes) {

  public Mesh {
    others = List.copyOf(others);
    if (processes.isPresent() && !others.isEmpty()) {
      throw new IllegalArgumentException("several processes, and this one has several devices");
    }
  }

  /** Of one process. */
  public Mesh(List<DeviceChoice> others, Placement.Mode mode) {
    this(others, mode, Optional.empty());
  }

  /** One device. */
  public static Mesh none() {
    return new Mesh(List.of(), Placement.Mode.TENSOR);
  }

  /** Devices, with the first. */
  public int size() {
    return processes.map(Ranks::size).orElse(1 + others.size());
  }

  /** Refusal.usage where the model cannot be spread so. */
  public Placement placement(ModelConfig config) {
    if (size() > 1 && config.mtp()) {
      throw Refusal.usage(
          "the layer of multi-token prediction runs on one device", "leave out --devices, or it");
    }
    int[] experts = new int[config.layerConfigs().size()];
    for (int layer = 0; layer < experts.length; layer++) {
      experts[layer] =
          config.layerConfigs().get(layer).feedForward() instanceof FeedForwardConfig.Routed routed
              ? routed.experts()
              : 0;
    }
    return Placement.of(mode, size(), experts);
  }
}
