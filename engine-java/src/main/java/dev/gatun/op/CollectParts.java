// CollectParts: ends the exchanges in which others gave this rank some columns each.
package dev.gatun.op;

import dev.gatun.ranks.Exchange;
import java.lang.foreign.MemorySegment;
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
    List<Exchanges.Reading> first = List.of(at.reading(own));
    Exchanges.Writing to = at.writing(y);
    return () -> {
      MemorySegment here = exchanges.read(first).getFirst();
      to.fill(
          content -> {
            copy(here, content, 0);
            for (int part = 1; part <= ids.size(); part++) {
              try (Exchange exchange = exchanges.kept(ids.get(part - 1))) {
                exchange.await();
                copy(exchange.memory(), content, part);
              }
            }
          });
    };
  }

  private void copy(MemorySegment from, MemorySegment to, int part) {
    long width = (long) Float.BYTES * own.cols();
    for (int row = 0; row < y.rows(); row++) {
      long begin = (long) Float.BYTES * row * y.cols() + part * width;
      MemorySegment.copy(from, row * width, to, begin, width);
    }
  }
}
