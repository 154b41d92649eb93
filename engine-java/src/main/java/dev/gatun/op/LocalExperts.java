// LocalExperts: where the chosen experts are in this device's stack.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import dev.gatun.device.IntVector;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * {@code gk_local_experts}.
 *
 * @param table (experts, turns)
 */
public record LocalExperts(Tensor ids, IntVector table, int turns, Tensor local) implements Op {
  @Override
  public List<Tensor> reads() {
    return List.of(ids);
  }

  @Override
  public List<Tensor> writes() {
    return List.of(local);
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment from = at.struct(ids);
    MemorySegment by = at.ints(table, turns);
    MemorySegment to = at.struct(local);
    return at.ops()
        .call("gk_local_experts", queue -> Kernels.gk_local_experts(queue, from, by, to));
  }
}
