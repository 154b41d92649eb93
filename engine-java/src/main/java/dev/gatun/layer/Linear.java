// Linear: a matrix without bias, applied to the rows of its input.
package dev.gatun.layer;

import dev.gatun.device.PackedMatrix;
import dev.gatun.graph.Graph;
import dev.gatun.op.Tensor;

/** (tokens, inputs) to (tokens, outputs); weight (outputs, inputs). */
public record Linear(PackedMatrix weight) {
  public Tensor apply(Graph graph, Tensor x) {
    return graph.matMul(weight, x);
  }

  /** As {@link #apply}, with 16-bit activations where the graph's compute is int8. */
  public Tensor applyFinely(Graph graph, Tensor x) {
    return graph.fineMatMul(weight, x);
  }
}
