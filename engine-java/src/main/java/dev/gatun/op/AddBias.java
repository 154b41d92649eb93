// AddBias: adds a bias to the rows of a product.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import dev.gatun.device.FloatVector;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** {@code gk_add_bias}; changes {@code x} in place. */
public record AddBias(Tensor x, FloatVector bias) implements Op {
  @Override
  public List<Tensor> reads() {
    return List.of(x);
  }

  @Override
  public List<Tensor> writes() {
    return List.of(x);
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment sum = at.struct(x);
    return at.ops().call("gk_add_bias", queue -> Kernels.gk_add_bias(queue, sum, bias.data()));
  }
}
