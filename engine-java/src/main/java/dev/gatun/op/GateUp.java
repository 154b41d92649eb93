// GateUp: the first two products of a gated feed-forward, and what joins them.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import dev.gatun.device.DType;
import dev.gatun.device.PackedMatrix;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** {@code gk_gate_up}. */
public record GateUp(PackedMatrix gate, PackedMatrix up, Tensor x, Tensor y)
    implements Op.OneToOne, Quantizing {
  @Override
  public List<Product> products() {
    return List.of(new Product("GateUp", List.of(gate, up), x, Provider.KERNELS));
  }

  @Override
  public long weightBytes() {
    return gate.bytes() + up.bytes();
  }

  /** Its kernels write no bfloat16. */
  @Override
  public Optional<Op> writing(Tensor quantized) {
    return quantized.dtype() == DType.BF16
        ? Optional.empty()
        : Optional.of(new GateUp(gate, up, x, quantized));
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment from = at.struct(x);
    MemorySegment to = at.struct(y);
    return at.ops()
        .call(
            "gk_gate_up", queue -> Kernels.gk_gate_up(queue, gate.struct(), up.struct(), from, to));
  }
}
