// CollectRows: ends an exchange in which members gave the rows that they have.
package dev.gatun.op;

import dev.gatun.device.Block;
import dev.gatun.device.Buffer;
import dev.gatun.device.Parts;
import java.util.List;

/**
 * @param counts of each member's rows
 * @param parts that were given
 * @param taken those tensors, of all rows, one member's after another's; none where this rank has
 *     them already
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
        if (to.isEmpty()) {
          return; // What comes next need not wait until the others have them.
        }
        handover.await();
        int row = 0;
        for (int member = 0; member < counts.size(); member++) {
          take(handover, to, member, row);
          row += counts.get(member);
        }
      }
    };
  }

  /** What one member gave: its rows of the first tensor, then those of the next. */
  private void take(Handover handover, List<Buffer> to, int member, int row) {
    int count = counts.get(member);
    long from = parts.begin(member);
    for (int i = 0; i < to.size() && count > 0; i++) {
      long width = taken.get(i).dtype().bytes(taken.get(i).cols());
      handover.take(Block.row(from, row * width, count * width), to.get(i));
      from += count * width;
    }
  }
}
