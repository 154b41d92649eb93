// CollectRows: ends an exchange in which every rank gave the rows that it has.
package dev.gatun.op;

import dev.gatun.device.Block;
import dev.gatun.device.Buffer;
import dev.gatun.device.Parts;
import java.util.List;

/**
 * @param counts of each rank's rows
 * @param parts that were given
 * @param taken those tensors, of all rows, one rank's after another's
 */
public record CollectRows(int id, List<Integer> counts, Parts parts, List<Tensor> taken)
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
        handover.await();
        int row = 0;
        for (int rank = 0; rank < counts.size(); rank++) {
          take(handover, to, rank, row);
          row += counts.get(rank);
        }
      }
    };
  }

  /** What one rank gave: its rows of the first tensor, then those of the next. */
  private void take(Handover handover, List<Buffer> to, int rank, int row) {
    int count = counts.get(rank);
    long from = parts.begin(rank);
    for (int i = 0; i < to.size() && count > 0; i++) {
      long width = taken.get(i).dtype().bytes(taken.get(i).cols());
      handover.take(Block.row(from, row * width, count * width), to.get(i));
      from += count * width;
    }
  }
}
