// Linear: a matrix, applied to the rows of its input, and a bias where there is one.
package dev.gatun.layer;

import dev.gatun.device.FloatVector;
import dev.gatun.device.PackedMatrix;
import dev.gatun.graph.Graph;
import dev.gatun.op.Tensor;
import dev.gatun.shard.Split;
import dev.gatun.weights.Parameters;
import java.util.Optional;

/**
 * (tokens, inputs) to (tokens, outputs); weight (outputs, inputs), bias (outputs), of which a rank
 * has the outputs of its part. Outputs are divided and never inputs, so that no sum is split
 * between ranks.
 */
public record Linear(PackedMatrix weight, Optional<FloatVector> bias, Split split) {

  /** All outputs on this rank, without a bias. */
  public Linear(PackedMatrix weight) {
    this(weight, Optional.empty(), Split.WHOLE);
  }

  /**
   * All outputs on this rank. Reads {@code name}.weight and, if {@code biased}, {@code name}.bias.
   */
  static Linear of(Parameters parameters, String name, long rows, long cols, boolean biased) {
    return new Linear(
        parameters.matrix(name + ".weight", rows, cols),
        parameters.vectorIf(biased, name + ".bias", rows),
        Split.WHOLE);
  }

  /** As {@link #of}, the outputs divided among the homes of a layer. */
  static Linear divided(
      Parameters parameters, int layer, String name, int outputs, long inputs, boolean biased) {
    String weight = name + ".weight";
    Split split = parameters.split(layer, outputs, 1, weight);
    return new Linear(
        parameters.matrix(weight, outputs, inputs, split),
        parameters.vectorIf(biased, name + ".bias", outputs, split),
        split);
  }

  /**
   * The output projection, divided among the homes of the last layer; empty on those that have no
   * part of it.
   */
  static Optional<Linear> head(Parameters parameters, String name, int vocab, long hidden) {
    String weight = name + ".weight";
    Split split = parameters.splitOfHead(vocab, weight);
    return split.parts() == 1 && split.index() > 0
        ? Optional.empty()
        : Optional.of(
            new Linear(parameters.matrix(weight, vocab, hidden, split), Optional.empty(), split));
  }

  public Tensor apply(Graph graph, Tensor x) {
    return whole(graph, graph.matMul(weight, x));
  }

  /** As {@link #apply}, with 16-bit activations where the graph's compute is int8. */
  public Tensor applyFinely(Graph graph, Tensor x) {
    return whole(graph, graph.fineMatMul(weight, x));
  }

  /** As {@link #applyFinely} on the first of the ranks that divide it; empty on the others. */
  Optional<Tensor> applyFinelyOnFirst(Graph graph, Tensor x) {
    Tensor y = graph.fineMatMul(weight, x);
    bias.ifPresent(values -> graph.addBias(y, values));
    return graph.transfers().gatherOnFirst(y, split);
  }

  private Tensor whole(Graph graph, Tensor y) {
    bias.ifPresent(values -> graph.addBias(y, values));
    return graph.transfers().gather(y, split);
  }
}
