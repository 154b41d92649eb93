// GatedMlp: down(silu(gate(x)) * up(x)).
package dev.gatun.layer;

import dev.gatun.device.PackedMatrix;
import dev.gatun.graph.Graph;
import dev.gatun.op.Tensor;
import dev.gatun.weights.Parameters;

/** SwiGLU (Shazeer 2020); gate and up (intermediate, hidden), down (hidden, intermediate). */
public record GatedMlp(PackedMatrix gate, PackedMatrix up, PackedMatrix down)
    implements FeedForward {

  /** Reads {@code prefix}gate_proj, up_proj and down_proj. */
  public static GatedMlp of(Parameters parameters, String prefix, int hidden, int intermediate) {
    return new GatedMlp(
        parameters.matrix(prefix + "gate_proj.weight", intermediate, hidden),
        parameters.matrix(prefix + "up_proj.weight", intermediate, hidden),
        parameters.matrix(prefix + "down_proj.weight", hidden, intermediate));
  }

  @Override
  public Tensor apply(Graph graph, Tensor x) {
    return graph.matMul(down, graph.gateUp(gate, up, x));
  }
}
