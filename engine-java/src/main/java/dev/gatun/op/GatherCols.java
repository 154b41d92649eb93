// GatherCols: puts columns in the order of act-order weights.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import dev.gatun.device.IntVector;
import java.lang.foreign.MemorySegment;

/** {@code gk_gather_cols}. */
public record GatherCols(Tensor x, IntVector order, Tensor y) implements Op.OneToOne {
  @Override
  public Runnable bind(Operands at) {
    MemorySegment from = at.struct(x);
    MemorySegment columns = at.ints(order.data(), x.cols());
    MemorySegment to = at.struct(y);
    return at.ops()
        .call("gk_gather_cols", queue -> Kernels.gk_gather_cols(queue, from, columns, to));
  }
}
