// Attention: queries against the cache of a layer.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** {@code gk_attention}. */
public record Attention(Tensor q, int layer, float scale, Tensor y) implements Quantizing {
  @Override
  public List<Tensor> reads() {
    return List.of(q);
  }

  @Override
  public List<Tensor> writes() {
    return List.of(y);
  }

  @Override
  public Optional<Op> writing(Tensor quantized) {
    return Optional.of(new Attention(q, layer, scale, quantized));
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment batch = at.step().batch();
    MemorySegment queries = at.struct(q);
    MemorySegment cache = at.step().cacheOfLayer().apply(layer);
    MemorySegment to = at.struct(y);
    return at.ops()
        .call(
            "gk_attention", queue -> Kernels.gk_attention(queue, batch, queries, cache, scale, to));
  }
}
