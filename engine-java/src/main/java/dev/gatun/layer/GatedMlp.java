// GatedMlp: down(silu(gate(x)) * up(x)).
package dev.gatun.layer;

import dev.gatun.device.PackedMatrix;
import dev.gatun.graph.Graph;
import dev.gatun.op.Tensor;
import dev.gatun.shard.Split;
import dev.gatun.weights.Parameters;

/**
 * SwiGLU (Shazeer 2020); gate and up (intermediate, hidden), down (hidden, intermediate).
 *
 * @param split of the intermediate width
 */
public record GatedMlp(PackedMatrix gate, PackedMatrix up, Split split, Linear down)
    implements FeedForward {

  /** Reads {@code prefix}gate_proj, up_proj and down_proj. */
  public static GatedMlp of(
      Parameters parameters, int layer, String prefix, int hidden, int intermediate) {
    String gate = prefix + "gate_proj.weight";
    String up = prefix + "up_proj.weight";
    Split split = parameters.split(layer, intermediate, 1, gate, up);
    return new GatedMlp(
        parameters.matrix(gate, intermediate, hidden, split),
        parameters.matrix(up, intermediate, hidden, split),
        split,
        Linear.divided(parameters, layer, prefix + "down_proj", hidden, intermediate, false));
  }

  @Override
  public Tensor apply(Graph graph, Tensor x) {
    return down.apply(graph, graph.transfers().gather(graph.gateUp(gate, up, x), split));
  }
}
