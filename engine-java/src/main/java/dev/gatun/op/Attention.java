// Attention: queries against the keys and values of a cache.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * {@code gk_attention}, of the cache of index {@code cache}.
 *
 * @param rows of the step that q and y are of
 * @param int16 whether it may multiply in 16-bit integers; of a latent cache alone
 */
public record Attention(Tensor q, Rows rows, int cache, float scale, boolean int16, Tensor y)
    implements Quantizing {
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
    return Optional.of(new Attention(q, rows, cache, scale, int16, quantized));
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment batch = at.step().batch(rows);
    MemorySegment queries = at.struct(q);
    MemorySegment pages = at.step().caches().apply(cache);
    MemorySegment to = at.struct(y);
    int compute = int16 ? Kernels.GK_COMPUTE_INT16() : Kernels.GK_COMPUTE_F32();
    return at.ops()
        .call(
            "gk_attention",
            queue -> Kernels.gk_attention(queue, batch, queries, pages, scale, compute, to));
  }
}
