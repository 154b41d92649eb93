// Residual: the residual stream between two layers.
package dev.gatun.layer;

import dev.gatun.op.Rows;
import dev.gatun.op.Tensor;
import java.util.List;
import java.util.function.Supplier;

/**
 * (tokens, hidden).
 *
 * @param x without what the layer's feed-forward makes
 * @param parts all its rows, in one part or two
 */
record Residual(Tensor x, List<Part> parts) {

  /**
   * @param fed appends the end of the layer's feed-forward, and gives what it makes of these rows;
   *     asked once
   */
  record Part(Rows rows, Supplier<Tensor> fed) {}

  /** All rows in one part, whose feed-forward is done. */
  Residual(Tensor x, Tensor fed) {
    this(x, List.of(new Part(new Rows(0, x.rows()), () -> fed)));
  }

  List<Rows> rows() {
    return parts.stream().map(Part::rows).toList();
  }

  /** What the feed-forward makes of the rows, which are in one part. */
  Tensor fed() {
    return parts.getFirst().fed.get();
  }

  List<Tensor> tensors() {
    return List.of(x, fed());
  }
}
