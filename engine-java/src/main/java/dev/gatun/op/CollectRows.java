// CollectRows: ends an exchange in which every rank gave the rows that it has.
package dev.gatun.op;

import dev.gatun.device.Block;
import dev.gatun.device.Buffer;
import java.util.List;

/**
 * @param counts of each rank's rows
 * @param rowBytes of a row of all tensors that were given
 * @param taken those tensors, of all rows, one rank's after another's; none where this rank needs
 *     none
 */
public record CollectRows(int id, List<Integer> counts, long rowBytes, List<Tensor> taken)
    implements Op {
  @Override
  public List<Tensor> reads() {
    return List.of();
  }

  @Override
  public List<Tensor> writes() {
    return taken;
  }

  @Override
  public Runnable bind(Operands at) {
    Exchanges exchanges = at.exchanges();
    List<Buffer> to = taken.stream().map(at::buffer).toList();
    return () -> {
      try (Handover handover = exchanges.kept(id)) {
        if (to.isEmpty()) {
          return; // What comes next need not wait until the others have them.
        }
        handover.await();
        int row = 0;
        for (int count : counts) {
          take(handover, to, row, count);
          row += count;
        }
      }
    };
  }

  /** What one rank gave: its rows of the first tensor, then those of the next. */
  private void take(Handover handover, List<Buffer> to, int row, int count) {
    long from = row * rowBytes;
    for (int i = 0; i < to.size() && count > 0; i++) {
      long width = taken.get(i).dtype().bytes(taken.get(i).cols());
      handover.take(Block.row(from, row * width, count * width), to.get(i));
      from += count * width;
    }
  }
}
