// TokenProbability: one candidate of a draw.
package dev.gatun.sample;

/**
 * A token id and its probability in the distribution that was drawn from, above 0 and at most 1.
 */
public record TokenProbability(int token, double probability) {
  /** Natural logarithm of the probability. */
  public double logProbability() {
    return Math.log(probability);
  }
}
