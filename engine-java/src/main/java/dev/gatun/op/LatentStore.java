// LatentStore: stores a token's latent, and moves the rotated part of its queries.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import dev.gatun.device.RopeWeights;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * {@code gk_latent_store}; writes parts of {@code absorbed}, and the cache of index {@code cache}.
 *
 * @param table of the step's rows that the others are of
 */
public record LatentStore(
    RopeWeights weights, Tensor table, Tensor q, Tensor kv, Tensor absorbed, int cache)
    implements Op {
  @Override
  public List<Tensor> reads() {
    return List.of(table, q, kv);
  }

  @Override
  public List<Tensor> writes() {
    return List.of(absorbed);
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment rope = at.rope(weights, table);
    MemorySegment batch = at.step().batch(table.span());
    MemorySegment queries = at.struct(q);
    MemorySegment latents = at.struct(kv);
    MemorySegment to = at.struct(absorbed);
    MemorySegment pages = at.step().caches().apply(cache);
    return at.ops()
        .call(
            "gk_latent_store",
            queue -> Kernels.gk_latent_store(queue, rope, batch, queries, latents, to, pages));
  }
}
