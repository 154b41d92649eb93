// RankRows: which rows of a step are which rank's, where ranks have sequences of their own.
package dev.gatun.graph;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Rows are in the order of the ranks.
 *
 * @param rank this one
 * @param tokens of each rank, 0 or more; at least one of all
 * @param logitRows of each rank: of how many tokens the logits are wanted; at least one of all
 */
public record RankRows(int rank, List<Integer> tokens, List<Integer> logitRows) {

  public RankRows {
    tokens = List.copyOf(tokens);
    logitRows = List.copyOf(logitRows);
    if (tokens.size() != logitRows.size() || sum(logitRows) < 1) {
      throw new IllegalArgumentException(logitRows + " rows of logits of " + tokens + " tokens");
    }
  }

  /** A step of one token, which is rank 0's. */
  public static RankRows ofOneToken(int rank, int ranks) {
    List<Integer> one = IntStream.range(0, ranks).mapToObj(each -> each == 0 ? 1 : 0).toList();
    return new RankRows(rank, one, one);
  }

  /** Rows that each rank keeps in the last layer: one at least, where it has any. */
  public List<Integer> kept() {
    return IntStream.range(0, tokens.size())
        .mapToObj(each -> tokens.get(each) == 0 ? 0 : Math.max(1, logitRows.get(each)))
        .toList();
  }

  /** This rank's of {@code counts}. */
  public int own(List<Integer> counts) {
    return counts.get(rank);
  }

  /** Of all ranks. */
  public static int sum(List<Integer> counts) {
    return counts.stream().mapToInt(Integer::intValue).sum();
  }
}
