// AddRmsNorm: adds to the residual stream, and norms the sum.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import dev.gatun.device.FloatVector;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** {@code gk_add_rms_norm}; changes {@code residual} in place. */
public record AddRmsNorm(Tensor residual, Tensor delta, FloatVector weight, float eps, Tensor y)
    implements Quantizing {
  @Override
  public List<Tensor> reads() {
    return List.of(residual, delta);
  }

  @Override
  public List<Tensor> writes() {
    return List.of(residual, y);
  }

  @Override
  public Optional<Op> writing(Tensor quantized) {
    return Optional.of(new AddRmsNorm(residual, delta, weight, eps, quantized));
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment sum = at.struct(residual);
    MemorySegment from = at.struct(delta);
    MemorySegment to = at.struct(y);
    return at.ops()
        .call(
            "gk_add_rms_norm",
            queue -> Kernels.gk_add_rms_norm(queue, sum, from, weight.data(), eps, to));
  }
}
