// MeshCounts: what the ranks of a model have handed each other, and how much their experts
// computed.
package dev.gatun.engine;

import java.util.List;
import java.util.function.BinaryOperator;
import java.util.stream.IntStream;

/**
 * @param exchangedBytes from one rank to another, of all ranks
 * @param exchangeNanos of rank 0, waiting for others and copying
 * @param workNanos of steps in which a rank did not wait for others, of this process's ranks, by
 *     rank; whole when the steps are over
 * @param expertRows rows (token, expert) that each rank's experts have computed, by rank
 */
public record MeshCounts(
    long exchangedBytes, long exchangeNanos, List<Long> workNanos, List<Long> expertRows) {

  public MeshCounts {
    workNanos = List.copyOf(workNanos);
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
        byRank(workNanos, earlier.workNanos, (now, before) -> now - before),
        byRank(expertRows, earlier.expertRows, (now, before) -> now - before));
  }

  public MeshCounts plus(MeshCounts other) {
    return new MeshCounts(
        exchangedBytes + other.exchangedBytes,
        exchangeNanos + other.exchangeNanos,
        byRank(workNanos, other.workNanos, Long::sum),
        byRank(expertRows, other.expertRows, Long::sum));
  }

  private static List<Long> byRank(List<Long> a, List<Long> b, BinaryOperator<Long> both) {
    return IntStream.range(0, a.size())
        .mapToObj(rank -> both.apply(a.get(rank), b.get(rank)))
        .toList();
  }
}
