// CollectWhole: ends an exchange in which one rank gave all.
package dev.gatun.op;

import dev.gatun.device.Block;
import dev.gatun.device.Buffer;
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
    List<Buffer> parts = taken.stream().map(at::buffer).toList();
    return () -> {
      try (Handover handover = exchanges.kept(id)) {
        if (parts.isEmpty()) {
          return; // What comes next need not wait until the others have it.
        }
        handover.await();
        long from = 0;
        for (Buffer part : parts) {
          handover.take(Block.row(from, 0, part.bytes()), part);
          from += part.bytes();
        }
      }
    };
  }
}
