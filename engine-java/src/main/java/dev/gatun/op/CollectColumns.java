// CollectColumns: ends an exchange in which every part was some columns.
package dev.gatun.op;

import dev.gatun.device.Block;
import dev.gatun.device.Buffer;
import java.util.List;

/**
 * @param y (rows, parts * columns of a part) float32
 * @param parts equal, in the order of the columns
 */
public record CollectColumns(int id, Tensor y, int parts) implements Op {
  @Override
  public List<Tensor> reads() {
    return List.of();
  }

  @Override
  public List<Tensor> writes() {
    return List.of(y);
  }

  @Override
  public Runnable bind(Operands at) {
    Exchanges exchanges = at.exchanges();
    Buffer to = at.buffer(y);
    long width = (long) Float.BYTES * y.cols() / parts;
    return () -> {
      try (Handover handover = exchanges.kept(id)) {
        handover.await();
        for (int part = 0; part < parts; part++) {
          long from = part * y.rows() * width;
          handover.take(new Block(from, width, part * width, parts * width, width, y.rows()), to);
        }
      }
    };
  }
}
