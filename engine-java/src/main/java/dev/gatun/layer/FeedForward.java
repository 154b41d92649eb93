// FeedForward: the second half of a block, dense or routed.
package dev.gatun.layer;

import dev.gatun.graph.Graph;
import dev.gatun.op.Tensor;
import java.util.function.Supplier;

/** (tokens, hidden) to (tokens, hidden). */
public interface FeedForward {
  Tensor apply(Graph graph, Tensor x);

  /**
   * As {@link #apply} in two halves: appends what begins, and what is appended before the other
   * half, which gives the result, need not wait for other ranks.
   */
  default Supplier<Tensor> begin(Graph graph, Tensor x) {
    Tensor y = apply(graph, x);
    return () -> y;
  }

  /**
   * This rank's share of the work for a layer that has its home on others.
   *
   * @param rows tokens that the layer works on
   */
  default void help(Graph graph, int rows) {
    throw new IllegalStateException("nothing of this layer is on a rank that is no home of it");
  }
}
