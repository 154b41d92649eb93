// GatherRows: keeps the rows whose logits the step wants.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import java.lang.foreign.MemorySegment;

/** {@code gk_gather_rows}. */
public record GatherRows(Tensor x, Tensor y) implements Op.OneToOne {
  @Override
  public Runnable bind(Operands at) {
    MemorySegment from = at.struct(x);
    MemorySegment rows = at.ints(at.step().inputs().logitRows(), y.rows());
    MemorySegment to = at.struct(y);
    return at.ops().call("gk_gather_rows", queue -> Kernels.gk_gather_rows(queue, from, rows, to));
  }
}
