// RmsNorm: a root mean square norm.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import dev.gatun.device.FloatVector;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * {@code gk_rms_norm}.
 *
 * @param column of y at which the result begins; y may be wider than x
 */
public record RmsNorm(Tensor x, FloatVector weight, float eps, Tensor y, int column)
    implements Op.OneToOne, Quantizing {
  @Override
  public Optional<Op> writing(Tensor quantized) {
    return x.cols() < y.cols()
        ? Optional.empty()
        : Optional.of(new RmsNorm(x, weight, eps, quantized, column));
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment from = at.struct(x);
    MemorySegment to = at.columns(y, column, x.cols());
    return at.ops()
        .call("gk_rms_norm", queue -> Kernels.gk_rms_norm(queue, from, weight.data(), eps, to));
  }
}
