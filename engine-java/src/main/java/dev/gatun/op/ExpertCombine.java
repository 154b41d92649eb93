// ExpertCombine: the weighted sum over each token's experts.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * {@code gk_expert_combine}.
 *
 * @param shared is added, where there is one
 */
public record ExpertCombine(Tensor x, Tensor weights, Optional<Tensor> shared, Tensor y)
    implements Op {
  @Override
  public List<Tensor> reads() {
    return Stream.concat(Stream.of(x, weights), shared.stream()).toList();
  }

  @Override
  public List<Tensor> writes() {
    return List.of(y);
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment rows = at.struct(x);
    MemorySegment shares = at.struct(weights);
    MemorySegment added = shared.map(at::struct).orElse(MemorySegment.NULL);
    MemorySegment to = at.struct(y);
    return at.ops()
        .call(
            "gk_expert_combine",
            queue -> Kernels.gk_expert_combine(queue, rows, shares, added, to));
  }
}
