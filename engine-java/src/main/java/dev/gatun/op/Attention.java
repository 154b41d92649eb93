// Attention: queries against the keys and values of a cache.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** {@code gk_attention}, of the cache of index {@code cache}. */
public record Attention(Tensor q, int cache, float scale, Tensor y) implements Quantizing {
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
    return Optional.of(new Attention(q, cache, scale, quantized));
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment batch = at.step().batch();
    MemorySegment queries = at.struct(q);
    MemorySegment pages = at.step().caches().apply(cache);
    MemorySegment to = at.struct(y);
    return at.ops()
        .call(
            "gk_attention", queue -> Kernels.gk_attention(queue, batch, queries, pages, scale, to));
  }
}
