// Compute: in which numbers linears are computed.
package dev.gatun.graph;

import java.util.Locale;

/** The number format of a linear's input. */
public enum Compute {
  /**
   * What the model's family needs to stay close to the reference: {@link #INT8} or {@link #INT16}.
   */
  AUTO,
  /** Activations rounded to int8 in blocks of 32, integer dot products; 16 bits for a few. */
  INT8,
  /** Activations rounded to 16 bits, two int8 digits, everywhere: twice the operations. */
  INT16,
  /** Weights dequantised exactly, all arithmetic in float32: the reference. */
  F32;

  /** This, or what a family needs where it is {@link #AUTO}. */
  public Compute or(Compute ofFamily) {
    return this == AUTO ? ofFamily : this;
  }

  /** The name that {@code --compute} takes. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
