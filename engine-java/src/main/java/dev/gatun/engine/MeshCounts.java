// MeshCounts: what the ranks of a model have handed each other, and how much their experts
// computed.
package dev.gatun.engine;

import java.util.List;
import java.util.function.BinaryOperator;
import java.util.stream.IntStream;

/**
 * @param exchangedBytes from one rank to another, of all ranks
 * @param exchangeNanos of rank 0, waiting for others and copying
 * @param expertRows rows (token, expert) that each rank's experts have computed, by rank
 */
public record MeshCounts(long exchangedBytes, long exchangeNanos, List<Long> expertRows) {

  public MeshCounts {
    expertRows = List.copyOf(expertRows);
  }

  /** Nothing yet, of as many ranks. */
  public MeshCounts none() {
    return minus(this);
  }

  /** What came after {@code earlier}. */
  public MeshCounts minus(MeshCounts earlier) {
    return new MeshCounts(
        exchangedBytes - earlier.exchangedBytes,
        exchangeNanos - earlier.exchangeNanos,
        byRank(earlier, (now, before) -> now - before));
  }

  public MeshCounts plus(MeshCounts other) {
    return new MeshCounts(
        exchangedBytes + other.exchangedBytes,
        exchangeNanos + other.exchangeNanos,
        byRank(other, Long::sum));
  }

  private List<Long> byRank(MeshCounts other, BinaryOperator<Long> rows) {
    return IntStream.range(0, expertRows.size())
        .mapToObj(rank -> rows.apply(expertRows.get(rank), other.expertRows.get(rank)))
        .toList();
  }
}
