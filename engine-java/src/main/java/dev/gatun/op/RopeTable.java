// RopeTable: cosines and sines of the step's positions.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import dev.gatun.device.FloatVector;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** {@code gk_rope_table}; {@code table} (tokens, dim): cosines, then sines. */
public record RopeTable(FloatVector invFreq, int dim, float scale, Tensor table) implements Op {
  @Override
  public List<Tensor> reads() {
    return List.of();
  }

  @Override
  public List<Tensor> writes() {
    return List.of(table);
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment batch = at.step().batch(table.span());
    MemorySegment to = at.data(table);
    return at.ops()
        .call(
            "gk_rope_table",
            queue -> Kernels.gk_rope_table(queue, batch, invFreq.data(), dim, scale, to));
  }
}
