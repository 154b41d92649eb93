// Linear: a matrix without bias, applied to the rows of its input.
package dev.gatun.layer;

import dev.gatun.device.PackedMatrix;
import dev.gatun.graph.Graph;
import dev.gatun.op.Tensor;
import dev.gatun.shard.Split;
import dev.gatun.weights.Parameters;

/**
 * (tokens, inputs) to (tokens, outputs); weight (outputs, inputs), of which a rank has the outputs
 * of its part. Outputs are divided and never inputs, so that no sum is split between ranks.
 */
public record Linear(PackedMatrix weight, Split split) {

  /** All outputs on this rank. */
  public Linear(PackedMatrix weight) {
    this(weight, Split.WHOLE);
  }

  /** Outputs divided among the homes of a layer. */
  public static Linear divided(
      Parameters parameters, int layer, String name, int outputs, long inputs) {
    Split split = parameters.split(layer, outputs, 1, name);
    return new Linear(parameters.matrix(name, outputs, inputs, split), split);
  }

  public Tensor apply(Graph graph, Tensor x) {
    return graph.transfers().gather(graph.matMul(weight, x), split);
  }

  /** As {@link #apply}, with 16-bit activations where the graph's compute is int8. */
  public Tensor applyFinely(Graph graph, Tensor x) {
    return graph.transfers().gather(graph.fineMatMul(weight, x), split);
  }
}
