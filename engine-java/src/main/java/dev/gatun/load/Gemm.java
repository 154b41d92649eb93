// Gemm: which library multiplies prompts.
package dev.gatun.load;

import dev.gatun.graph.Crossover;
import java.util.Locale;

/**
 * Our own kernels give a token the same bits however a prompt is cut into steps. NVIDIA's cuBLAS
 * multiplies weights rounded to bfloat16, in an order that depends on the rows of a step, and never
 * serves steps of up to 16 tokens.
 */
public enum Gemm {
  OWN,
  CUBLAS,
  /** For each product what was the faster when the model was loaded. */
  FASTEST;

  /** What is planned for before anything is measured. */
  Crossover planned() {
    return this == OWN ? Crossover.never() : Crossover.always();
  }

  /** The name that {@code --gemm} takes. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
