// StepShape: the shape of a step, by which its program is found.
package dev.gatun.graph;

import dev.gatun.op.Rows;
import dev.gatun.shard.Shard;
import java.util.List;
import java.util.Optional;

/**
 * Steps of one shape run one program: they differ in what their inputs hold, and in nothing else.
 *
 * @param tokens rows of the step, of all sequences and of padding; 0 only of a rank whose sequences
 *     are not in it
 * @param logitRows rows that the last layer keeps, padding included: at least one, of no tokens
 *     none, and at most all
 * @param decodes whether every row is the only one of its sequence
 * @param draws whether the device draws a token from each row of logits
 * @param mtp whether the logits are those of the layer of multi-token prediction; then all rows are
 *     kept
 * @param ranks which rows are which rank's; empty where all ranks have all rows
 */
public record StepShape(
    int tokens,
    int logitRows,
    boolean decodes,
    boolean draws,
    boolean mtp,
    Optional<RankRows> ranks) {

  public StepShape {
    boolean isHelp = ranks.isPresent() && tokens == 0;
    if (logitRows < (isHelp ? 0 : 1) || logitRows > tokens) {
      throw new IllegalArgumentException(logitRows + " rows of logits of " + tokens + " tokens");
    }
    if (mtp && logitRows != tokens) {
      throw new IllegalArgumentException(logitRows + " rows of " + tokens + " tokens predict");
    }
  }

  /** All ranks have all rows. */
  public StepShape(int tokens, int logitRows, boolean decodes, boolean draws, boolean mtp) {
    this(tokens, logitRows, decodes, draws, mtp, Optional.empty());
  }

  /** Of a rank that has the rows of its own sequences. */
  public static StepShape of(RankRows ranks, boolean decodes, boolean draws) {
    int tokens = ranks.own(ranks.tokens());
    return new StepShape(
        tokens, ranks.own(ranks.kept()), decodes, draws, false, Optional.of(ranks));
  }

  /** Of one sequence's token, as a rank runs it; where ranks have their own, it is rank 0's. */
  public static StepShape ofOneToken(Shard shard, boolean draws) {
    return shard.dividesRows()
        ? of(RankRows.ofOneToken(shard.rank(), shard.rowRanks()), true, draws)
        : new StepShape(1, 1, true, draws, false);
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

  /**
   * Whether this rank has rows in it, and does not only compute what its experts make of others'.
   */
  public boolean hasRows() {
    return tokens > 0;
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
