// Rope: how positions turn queries and keys.
package dev.gatun.weights;

/**
 * Rotary position embedding (Su et al. 2021): pair i of a head turns by position × theta^(−2i/dim), changed by {@code
 * scaling}.
 *
 * @param theta base of the frequencies
 * @param dim leading elements of a head that turn; even, at most headDim
 */
public record Rope(double theta, int dim, Style style, Scaling scaling) {

  /** Which two elements of a head make pair i. */
  public enum Style {
    /** (i, i + dim/2): Hugging Face's layout. */
    HALF_SPLIT,
    /** (2i, 2i + 1): Meta's layout, to which llama GGUF files are permuted. */
    INTERLEAVED
  }
}
