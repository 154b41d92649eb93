// CollectParts: ends the exchanges in which others gave this rank some columns each.
package dev.gatun.op;

import dev.gatun.device.Block;
import dev.gatun.device.Buffer;
import java.util.List;

/**
 * @param ids of the exchanges, one with each other part's rank, in the order of the columns
 * @param own (rows, columns of a part) float32, the first columns
 * @param y (rows, parts * columns of a part) float32
 */
public record CollectParts(List<Integer> ids, Tensor own, Tensor y) implements Op {
  @Override
  public List<Tensor> reads() {
    return List.of(own);
  }

  @Override
  public List<Tensor> writes() {
    return List.of(y);
  }

  @Override
  public Runnable bind(Operands at) {
    Exchanges exchanges = at.exchanges();
    Buffer first = at.buffer(own);
    Buffer to = at.buffer(y);
    return () -> {
      exchanges.copy(first, to, columns(0));
      for (int part = 1; part <= ids.size(); part++) {
        try (Handover handover = exchanges.kept(ids.get(part - 1))) {
          handover.await();
          handover.take(columns(part), to);
        }
      }
    };
  }

  private Block columns(int part) {
    long width = (long) Float.BYTES * own.cols();
    return new Block(0, width, part * width, (long) Float.BYTES * y.cols(), width, y.rows());
  }
}
