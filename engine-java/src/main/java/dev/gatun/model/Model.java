// Model: a family's graph over its weights.
package dev.gatun.model;

import dev.gatun.graph.Compute;
import dev.gatun.graph.Graph;
import dev.gatun.op.Tensor;

/** A family is a function that writes a graph. */
public interface Model {
  /** Writes one step; returns (logitRows, vocab) float32. */
  Tensor logits(Graph graph);

  /** In what the family computes where it is not said. */
  default Compute compute() {
    return Compute.INT8;
  }
}
