// Linear: a matrix, applied to the rows of its input, and a bias where there is one.
package dev.gatun.layer;

import dev.gatun.device.FloatVector;
import dev.gatun.device.PackedMatrix;
import dev.gatun.graph.Graph;
import dev.gatun.op.Tensor;
import dev.gatun.weights.Parameters;
import java.util.Optional;

/** (tokens, inputs) to (tokens, outputs); weight (outputs, inputs), bias (outputs). */
public record Linear(PackedMatrix weight, Optional<FloatVector> bias) {

  /** Without a bias. */
  public Linear(PackedMatrix weight) {
    this(weight, Optional.empty());
  }

  /** Reads {@code name}.weight and, if {@code biased}, {@code name}.bias. */
  static Linear of(Parameters parameters, String name, long rows, long cols, boolean biased) {
    return new Linear(
        parameters.matrix(name + ".weight", rows, cols),
        parameters.vectorIf(biased, name + ".bias", rows));
  }

  public Tensor apply(Graph graph, Tensor x) {
    return biased(graph, graph.matMul(weight, x));
  }

  /** As {@link #apply}, with 16-bit activations where the graph's compute is int8. */
  public Tensor applyFinely(Graph graph, Tensor x) {
    return biased(graph, graph.fineMatMul(weight, x));
  }

  private Tensor biased(Graph graph, Tensor y) {
    bias.ifPresent(values -> graph.addBias(y, values));
    return y;
  }
}
