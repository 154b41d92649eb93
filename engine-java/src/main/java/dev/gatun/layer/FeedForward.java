// FeedForward: the second half of a block, dense or routed.
package dev.gatun.layer;

import dev.gatun.graph.Graph;
import dev.gatun.op.Tensor;

/** (tokens, hidden) to (tokens, hidden). */
public interface FeedForward {
  Tensor apply(Graph graph, Tensor x);
}
