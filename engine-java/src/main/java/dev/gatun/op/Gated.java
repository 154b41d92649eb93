// Gated: silu(gate) * up, of products that are there.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** {@code gk_gated}. */
public record Gated(Tensor gate, Tensor up, Tensor y) implements Quantizing {
  @Override
  public List<Tensor> reads() {
    return List.of(gate, up);
  }

  @Override
  public List<Tensor> writes() {
    return List.of(y);
  }

  @Override
  public Optional<Op> writing(Tensor quantized) {
    return Optional.of(new Gated(gate, up, quantized));
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment gates = at.struct(gate);
    MemorySegment ups = at.struct(up);
    MemorySegment to = at.struct(y);
    return at.ops().call("gk_gated", queue -> Kernels.gk_gated(queue, gates, ups, to));
  }
}
