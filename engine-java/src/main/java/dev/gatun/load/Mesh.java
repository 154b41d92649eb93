// Mesh: the devices besides the first that a model is spread over, and how.
package dev.gatun.load;

import dev.gatun.device.DeviceChoice;
import dev.gatun.refusal.Refusal;
import dev.gatun.shard.Placement;
import dev.gatun.weights.FeedForwardConfig;
import dev.gatun.weights.ModelConfig;
import java.util.List;

/**
 * @param others devices of rank 1 and on; none where one device has it all
 */
public record Mesh(List<DeviceChoice> others, Placement.Mode mode) {

  public Mesh {
    others = List.copyOf(others);
  }

  /** One device. */
  public static Mesh none() {
    return new Mesh(List.of(), Placement.Mode.TENSOR);
  }

  /** Devices, with the first. */
  public int size() {
    return 1 + others.size();
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
