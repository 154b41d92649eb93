// CollectExperts: ends an exchange of rows that were computed where their experts are.
package dev.gatun.op;

import dev.gatun.device.Block;
import dev.gatun.device.Buffer;
import dev.gatun.device.Parts;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * @param first of the exchange's rows that this rank needs
 * @param y (tokens * k, hidden) float32; empty where this rank needs none
 * @param hidden columns of a row
 */
public record CollectExperts(int id, RowOwners owners, int first, Optional<Tensor> y, int hidden)
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
          inOrder(owner, handover, to.get(), first + y.orElseThrow().rows());
        }
      }
    };
  }

  /** Rows {@link #first} to {@code end}, exclusive. */
  private void inOrder(int[] owner, Handover handover, Buffer to, int end) {
    long rowBytes = (long) Float.BYTES * hidden;
    Parts parts = owners.parts(owner, rowBytes);
    long[] next = IntStream.range(0, parts.count()).mapToLong(parts::begin).toArray();
    RowOwners.runs(
        owner,
        (member, row, rows) -> {
          if (member >= 0) {
            int from = Math.max(row, first);
            int needed = Math.min(row + rows, end) - from;
            if (needed > 0) {
              long begin = next[member] + (from - row) * rowBytes;
              handover.take(Block.row(begin, (from - first) * rowBytes, needed * rowBytes), to);
            }
            next[member] += rows * rowBytes;
          }
        });
  }
}
