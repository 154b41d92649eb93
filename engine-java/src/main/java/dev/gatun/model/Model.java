// Model: a family's graph over its weights.
package dev.gatun.model;

import dev.gatun.graph.Compute;
import dev.gatun.graph.Graph;
import dev.gatun.op.Tensor;
import java.util.Optional;

/** A family is a function that writes a graph. */
public interface Model {
  /** Writes one step; returns (logitRows, vocab) float32, on rank 0 alone. */
  Optional<Tensor> logits(Graph graph);

  /** Key and value heads of each cache on this rank. */
  int cacheHeads();

  /** Whether it was loaded with its layer of multi-token prediction. */
  default boolean hasMtp() {
    return false;
  }

  /** Whether its larger steps alternate between ranks in halves ({@link Graph#halves}). */
  default boolean hasHalves() {
    return false;
  }

  /**
   * Writes one step that keeps all rows; returns (tokens, vocab) float32, the layer's logits of the
   * token behind the one that follows each.
   */
  default Optional<Tensor> mtpLogits(Graph graph) {
    throw new IllegalStateException("no layer of multi-token prediction");
  }

  /** In what the family computes where it is not said. */
  default Compute compute() {
    return Compute.INT8;
  }
}
