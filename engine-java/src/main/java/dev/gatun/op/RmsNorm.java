// RmsNorm: a root mean square norm.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import dev.gatun.device.FloatVector;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** {@code gk_rms_norm}. */
public record RmsNorm(Tensor x, FloatVector weight, float eps, Tensor y)
    implements Op.OneToOne, Quantizing {
  @Override
  public Optional<Op> writing(Tensor quantized) {
    return Optional.of(new RmsNorm(x, weight, eps, quantized));
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment from = at.struct(x);
    MemorySegment to = at.struct(y);
    return at.ops()
        .call("gk_rms_norm", queue -> Kernels.gk_rms_norm(queue, from, weight.data(), eps, to));
  }
}
