// Route: chooses the experts of each token.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import dev.gatun.device.RouterWeights;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** {@code gk_route}. */
public record Route(RouterWeights router, Tensor logits, Tensor ids, Tensor weights) implements Op {
  @Override
  public List<Tensor> reads() {
    return List.of(logits);
  }

  @Override
  public List<Tensor> writes() {
    return List.of(ids, weights);
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment how = at.router(router);
    MemorySegment from = at.struct(logits);
    MemorySegment toIds = at.struct(ids);
    MemorySegment toWeights = at.struct(weights);
    return at.ops().call("gk_route", queue -> Kernels.gk_route(queue, how, from, toIds, toWeights));
  }
}
