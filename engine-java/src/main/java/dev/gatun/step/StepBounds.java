// StepBounds: the largest steps that will run, for which memory is laid out.
package dev.gatun.step;

/**
 * @param tokens most rows of a step
 * @param logitRows most rows of logits of a step, at most {@code tokens}
 * @param sequences most sequences of a step, at most {@code logitRows}
 */
public record StepBounds(int tokens, int logitRows, int sequences) {

  public StepBounds {
    if (sequences < 1 || logitRows < sequences || tokens < logitRows) {
      throw new IllegalArgumentException(
          sequences + " sequences, " + logitRows + " rows of logits, " + tokens + " tokens");
    }
  }
}
