// CollectExperts: ends an exchange of rows that were computed where their experts are.
package dev.gatun.op;

import dev.gatun.ranks.Exchange;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * @param y (tokens * k, hidden) float32; empty where this rank needs none
 * @param hidden columns of a row
 */
public record CollectExperts(int id, RowOwners owners, Optional<Tensor> y, int hidden)
    implements Op {
  @Override
  public List<Tensor> reads() {
    return List.of();
  }

  @Override
  public List<Tensor> writes() {
    return y.stream().toList();
  }

  @Override
  public Runnable bind(Operands at) {
    Exchanges exchanges = at.exchanges();
    Optional<Exchanges.Writing> to = y.map(at::writing);
    return () -> {
      int[] owner = exchanges.keptOwners(id);
      try (Exchange exchange = exchanges.kept(id)) {
        if (to.isPresent()) {
          exchange.await();
          to.get().fill(content -> inOrder(owner, exchange.memory(), content));
        }
      }
    };
  }

  private void inOrder(int[] owner, MemorySegment from, MemorySegment to) {
    long rowBytes = (long) Float.BYTES * hidden;
    long[] ends = owners.ends(owner, rowBytes);
    long[] next = new long[ends.length];
    System.arraycopy(ends, 0, next, 1, ends.length - 1);
    for (int row = 0; row < owner.length; row++) {
      if (owner[row] >= 0) {
        MemorySegment.copy(from, next[owner[row]], to, row * rowBytes, rowBytes);
        next[owner[row]] += rowBytes;
      }
    }
  }
}
