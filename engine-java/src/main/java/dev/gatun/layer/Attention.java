// Attention: the first half of a block, where a token reads those before it.
package dev.gatun.layer;

import dev.gatun.graph.Graph;
import dev.gatun.op.Tensor;
import java.util.function.IntSupplier;

/** (tokens, hidden) to (tokens, hidden); what a token leaves for later ones stays on the device. */
public interface Attention {
  /**
   * @param x of all the step's tokens, or of some that follow one another
   * @param table what {@link Graph#ropeTable} returned for this step, its rows for those tokens
   */
  Tensor apply(Graph graph, Tensor x, Tensor table);

  /** Key and value heads of its cache on this rank. */
  default int cacheHeads() {
    return 1;
  }

  /** What a family says of its layers: which attention each has. */
  @FunctionalInterface
  interface Choice {
    /**
     * @param layer from 0
     * @param caches hands out the index of a cache, from 0, each time it is asked; a layer that
     *     keeps nothing in a cache does not ask
     */
    Attention of(int layer, IntSupplier caches);
  }
}
