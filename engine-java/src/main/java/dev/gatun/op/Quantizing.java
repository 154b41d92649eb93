// Quantizing: an op that can write its result quantised.
package dev.gatun.op;

import java.util.Optional;

/** Spares a {@link Quantize} after it. */
public interface Quantizing extends Op {
  Tensor y();

  /** This op with {@code quantized} for its result; empty where no kernel writes that type. */
  Optional<Op> writing(Tensor quantized);
}
