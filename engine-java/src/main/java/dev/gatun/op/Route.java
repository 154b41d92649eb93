// Route: chooses the experts of each token.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import dev.gatun.device.RouterWeights;
import dev.gatun.shard.ExpertTally;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * {@code gk_route}.
 *
 * @param layer of the model whose experts are chosen
 */
public record Route(int layer, RouterWeights router, Tensor logits, Tensor ids, Tensor weights)
    implements Op {
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
    Runnable choose =
        at.ops().call("gk_route", queue -> Kernels.gk_route(queue, how, from, toIds, toWeights));
    return at.step()
        .tally()
        .filter(tally -> tally.counts(layer))
        .map(tally -> counting(choose, at, tally))
        .orElse(choose);
  }

  private Runnable counting(Runnable choose, Operands at, ExpertTally tally) {
    Exchanges.Shown chosen = at.shown(ids);
    return () -> {
      choose.run();
      chosen.show();
      tally.add(layer, chosen.content().toArray(ValueLayout.JAVA_INT));
    };
  }
}
