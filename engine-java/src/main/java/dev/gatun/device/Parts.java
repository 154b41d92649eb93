// Parts: what each of several ranks gives in an exchange, and to whom.
package dev.gatun.device;

import java.util.Optional;

/**
 * Parts lie one after another in the order of the ranks, which are numbered from 0 here; each may
 * be empty. All in bytes. What its arrays hold is not changed.
 *
 * @param ends where each rank's part ends, ascending
 * @param pieces (ranks, ranks), where what each gives to each ends within all parts: its pieces
 *     make up its part, in their order; empty where each gives its whole part to all
 */
public record Parts(long[] ends, Optional<long[][]> pieces) {

  /**
   * @param ends where each rank's part ends, which it gives to all
   */
  public static Parts endingAt(long... ends) {
    return new Parts(ends, Optional.empty());
  }

  /**
   * @param bytes (ranks, ranks), what each gives to each
   */
  public static Parts of(long[][] bytes) {
    long[] ends = new long[bytes.length];
    long[][] pieces = new long[bytes.length][bytes.length];
    long end = 0;
    for (int from = 0; from < bytes.length; from++) {
      for (int to = 0; to < bytes.length; to++) {
        end += bytes[from][to];
        pieces[from][to] = end;
      }
      ends[from] = end;
    }
    return new Parts(ends, Optional.of(pieces));
  }

  /**
   * @param bytes of each rank, which it gives to all
   */
  public static Parts toAll(long... bytes) {
    long[] ends = bytes.clone();
    for (int rank = 1; rank < ends.length; rank++) {
      ends[rank] += ends[rank - 1];
    }
    return endingAt(ends);
  }

  /** Ranks. */
  public int count() {
    return ends.length;
  }

  /** Of all parts. */
  public long bytes() {
    return ends[ends.length - 1];
  }

  /** Where a rank's part begins. */
  public long begin(int rank) {
    return rank == 0 ? 0 : ends[rank - 1];
  }

  /** Where it ends. */
  public long end(int rank) {
    return ends[rank];
  }

  /** Of a rank's part. */
  public long bytes(int rank) {
    return end(rank) - begin(rank);
  }

  /** Where what a rank gives to another begins. */
  public long begin(int from, int to) {
    return pieces.filter(_ -> to > 0).map(each -> each[from][to - 1]).orElseGet(() -> begin(from));
  }

  /** Where it ends. */
  public long end(int from, int to) {
    return pieces.map(each -> each[from][to]).orElseGet(() -> end(from));
  }

  /** Of what a rank gives to another. */
  public long bytes(int from, int to) {
    return end(from, to) - begin(from, to);
  }

  /** Of what a rank gives, once for each other that has it. */
  public long given(int rank) {
    long given = 0;
    for (int to = 0; to < ends.length; to++) {
      given += to == rank ? 0 : bytes(rank, to);
    }
    return given;
  }

  /** Whether all give as much to all. */
  public boolean areEqual() {
    for (int rank = 1; rank < ends.length; rank++) {
      if (bytes(rank) != ends[0]) {
        return false;
      }
    }
    return pieces.isEmpty();
  }
}
