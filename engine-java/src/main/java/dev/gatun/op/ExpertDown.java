// ExpertDown: down of each token with each of its experts.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import dev.gatun.device.PackedMatrix;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** {@code gk_expert_down}. */
public record ExpertDown(PackedMatrix down, Tensor h, Tensor ids, Tensor y) implements Op {
  @Override
  public List<Tensor> reads() {
    return List.of(h, ids);
  }

  @Override
  public List<Tensor> writes() {
    return List.of(y);
  }

  @Override
  public List<Product> products() {
    return List.of(new Product("ExpertDown", List.of(down), h, Provider.KERNELS));
  }

  @Override
  public long weightBytes() {
    return down.expertBytes() * Math.min(down.experts(), h.rows());
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment from = at.struct(h);
    MemorySegment chosen = at.struct(ids);
    MemorySegment to = at.struct(y);
    return at.ops()
        .call(
            "gk_expert_down",
            queue -> Kernels.gk_expert_down(queue, down.struct(), from, chosen, to));
  }
}
