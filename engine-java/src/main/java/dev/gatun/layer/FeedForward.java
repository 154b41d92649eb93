// FeedForward: the second half of a block, dense or routed.
package dev.gatun.layer;

import dev.gatun.graph.Graph;
import dev.gatun.op.Tensor;

/** (tokens, hidden) to (tokens, hidden). */
public interface FeedForward {
  Tensor apply(Graph graph, Tensor x);

  /**
   * This rank's share of the work for a layer that has its home on others.
   *
   * @param rows tokens that the layer works on
   */
  default void help(Graph graph, int rows) {
    throw new IllegalStateException("nothing of this layer is on a rank that is no home of it");
  }
}
