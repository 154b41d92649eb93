// ExpertCombine: the weighted sum over each token's experts.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** {@code gk_expert_combine}. */
public record ExpertCombine(Tensor x, Tensor weights, Tensor y) implements Op {
  @Override
  public List<Tensor> reads() {
    return List.of(x, weights);
  }

  @Override
  public List<Tensor> writes() {
    return List.of(y);
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment rows = at.struct(x);
    MemorySegment shares = at.struct(weights);
    MemorySegment to = at.struct(y);
    return at.ops()
        .call("gk_expert_combine", queue -> Kernels.gk_expert_combine(queue, rows, shares, to));
  }
}
