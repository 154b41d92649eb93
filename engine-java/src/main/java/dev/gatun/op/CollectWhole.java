// CollectWhole: ends an exchange in which one rank gave all.
package dev.gatun.op;

import dev.gatun.ranks.Exchange;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * @param taken the tensors that were given, one after another; none where this rank gave them
 */
public record CollectWhole(int id, List<Tensor> taken) implements Op {
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
    List<Exchanges.Writing> parts = taken.stream().map(at::writing).toList();
    return () -> {
      try (Exchange exchange = exchanges.kept(id)) {
        if (parts.isEmpty()) {
          return; // What comes next need not wait until the others have it.
        }
        exchange.await();
        long from = 0;
        for (int i = 0; i < parts.size(); i++) {
          long begin = from;
          long bytes = taken.get(i).bytes();
          parts
              .get(i)
              .fill(content -> MemorySegment.copy(exchange.memory(), begin, content, 0, bytes));
          from += bytes;
        }
      }
    };
  }
}
