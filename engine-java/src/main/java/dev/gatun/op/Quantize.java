// Quantize: float32 to the format that products read.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import java.lang.foreign.MemorySegment;

/** {@code gk_quantize}. */
public record Quantize(Tensor x, Tensor y) implements Op.OneToOne {
  @Override
  public Runnable bind(Operands at) {
    MemorySegment from = at.struct(x);
    MemorySegment to = at.struct(y);
    return at.ops().call("gk_quantize", queue -> Kernels.gk_quantize(queue, from, to));
  }
}
