// CollectColumns: ends an exchange in which every part was some columns.
package dev.gatun.op;

import dev.gatun.ranks.Exchange;
import java.lang.foreign.MemorySegment;
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
    Exchanges.Writing to = at.writing(y);
    return () -> {
      try (Exchange exchange = exchanges.kept(id)) {
        exchange.await();
        to.fill(content -> interleave(exchange.memory(), content));
      }
    };
  }

  private void interleave(MemorySegment from, MemorySegment to) {
    long width = (long) Float.BYTES * y.cols() / parts;
    for (int part = 0; part < parts; part++) {
      for (int row = 0; row < y.rows(); row++) {
        long at = ((long) part * y.rows() + row) * width;
        MemorySegment.copy(from, at, to, ((long) row * parts + part) * width, width);
      }
    }
  }
}
