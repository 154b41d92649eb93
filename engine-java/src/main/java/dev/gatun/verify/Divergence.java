// Divergence: how far one model's predictions are from another's.
package dev.gatun.verify;

/** Sums over tokens; all arithmetic in double. */
public final class Divergence {
  private int tokens;
  private int sameTop;
  private double kl;
  private double expectedLoss;
  private double actualLoss;

  /**
   * Adds one token: two rows of logits, and the token that follows in the text (negative: none).
   */
  public void add(float[] expected, float[] actual, int next) {
    double logZp = logSum(expected);
    double logZq = logSum(actual);
    for (int i = 0; i < expected.length; i++) {
      double logP = expected[i] - logZp;
      kl += Math.exp(logP) * (logP - (actual[i] - logZq));
    }
    sameTop += argmax(expected) == argmax(actual) ? 1 : 0;
    if (next >= 0) {
      expectedLoss += logZp - expected[next];
      actualLoss += logZq - actual[next];
    }
    tokens++;
  }

  public int tokens() {
    return tokens;
  }

  /** Mean of sum p log(p / q). */
  public double kl() {
    return kl / tokens;
  }

  /** Share of tokens whose most likely successor is the same. */
  public double sameTop() {
    return sameTop / (double) tokens;
  }

  /** Perplexity of the actual over that of the expected. */
  public double perplexityRatio() {
    return Math.exp((actualLoss - expectedLoss) / tokens);
  }

  public static int argmax(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }

  private static double logSum(float[] logits) {
    double max = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - max);
    }
    return max + Math.log(sum);
  }
}
