// StepShape: the shape of a step, by which its program is found.
package dev.gatun.graph;

import dev.gatun.op.Rows;
import java.util.List;

/**
 * Steps of one shape run one program: they differ in what their inputs hold, and in nothing else.
 *
 * @param tokens rows of the step, of all sequences and of padding
 * @param logitRows rows that the last layer keeps, padding included, at most {@code tokens}
 * @param decodes whether every row is the only one of its sequence
 * @param draws whether the device draws a token from each row of logits
 * @param mtp whether the logits are those of the layer of multi-token prediction; then all rows are
 *     kept
 */
public record StepShape(int tokens, int logitRows, boolean decodes, boolean draws, boolean mtp) {

  public StepShape {
    if (logitRows < 1 || logitRows > tokens) {
      throw new IllegalArgumentException(logitRows + " rows of logits of " + tokens + " tokens");
    }
    if (mtp && logitRows != tokens) {
      throw new IllegalArgumentException(logitRows + " rows of " + tokens + " tokens predict");
    }
  }

  /**
   * Steps of so many tokens have halves. With fewer, weights are most of the time, and both halves
   * would read them.
   */
  public static final int LEAST_HALVED = 32;

  /** Rows at which a half may begin: a multiple that aligns tensors of any width. */
  private static final int HALF_UNIT = 16;

  /** A step of one sequence that draws nothing. */
  public static StepShape of(int tokens, int logitRows) {
    return new StepShape(tokens, logitRows, tokens == 1, false, false);
  }

  /** True where every token's logits are wanted. */
  public boolean keepsAllRows() {
    return tokens == logitRows;
  }

  public Rows all() {
    return new Rows(0, tokens);
  }

  /** The rows in two parts, which may take turns on two ranks; in one where they are few. */
  public List<Rows> halves() {
    if (tokens < LEAST_HALVED) {
      return List.of(all());
    }
    int half = Math.ceilDiv(tokens / 2, HALF_UNIT) * HALF_UNIT;
    return List.of(new Rows(0, half), new Rows(half, tokens - half));
  }
}
