// ExpertGateUp: gate and up of each token with each of its experts.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import dev.gatun.device.PackedMatrix;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** {@code gk_expert_gate_up}. */
public record ExpertGateUp(PackedMatrix gate, PackedMatrix up, Tensor x, Tensor ids, Tensor y)
    implements Op {
  @Override
  public List<Tensor> reads() {
    return List.of(x, ids);
  }

  @Override
  public List<Tensor> writes() {
    return List.of(y);
  }

  @Override
  public List<Product> products() {
    return List.of(new Product("ExpertGateUp", List.of(gate, up), x, Provider.KERNELS));
  }

  @Override
  public long weightBytes() {
    return (gate.expertBytes() + up.expertBytes()) * Math.min(gate.experts(), y.rows());
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment from = at.struct(x);
    MemorySegment chosen = at.struct(ids);
    MemorySegment to = at.struct(y);
    return at.ops()
        .call(
            "gk_expert_gate_up",
            queue ->
                Kernels.gk_expert_gate_up(queue, gate.struct(), up.struct(), from, chosen, to));
  }
}
