// CollectExperts: ends an exchange of rows that were computed where their experts are.
package dev.gatun.op;

import dev.gatun.device.Block;
import dev.gatun.device.Buffer;
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
    Optional<Buffer> to = y.map(at::buffer);
    return () -> {
      int[] owner = exchanges.keptOwners(id);
      try (Handover handover = exchanges.kept(id)) {
        if (to.isPresent()) {
          handover.await();
          inOrder(owner, handover, to.get());
        }
      }
    };
  }

  private void inOrder(int[] owner, Handover handover, Buffer to) {
    long rowBytes = (long) Float.BYTES * hidden;
    long[] ends = owners.ends(owner, rowBytes);
    long[] next = new long[ends.length];
    System.arraycopy(ends, 0, next, 1, ends.length - 1);
    RowOwners.runs(
        owner,
        (member, row, rows) -> {
          if (member >= 0) {
            handover.take(Block.row(next[member], row * rowBytes, rows * rowBytes), to);
            next[member] += rows * rowBytes;
          }
        });
  }
}
