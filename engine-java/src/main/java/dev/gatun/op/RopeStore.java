// RopeStore: rotates queries and keys, and stores keys and values.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import dev.gatun.device.RopeWeights;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * {@code gk_rope_store}; changes {@code q} in place and writes the cache of index {@code cache}.
 *
 * @param table of the step's rows that q, k and v are of
 */
public record RopeStore(RopeWeights weights, Tensor table, Tensor q, Tensor k, Tensor v, int cache)
    implements Op {
  @Override
  public List<Tensor> reads() {
    return List.of(table, q, k, v);
  }

  @Override
  public List<Tensor> writes() {
    return List.of(q);
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment rope = at.rope(weights, table);
    MemorySegment batch = at.step().batch(table.span());
    MemorySegment queries = at.struct(q);
    MemorySegment keys = at.struct(k);
    MemorySegment values = at.struct(v);
    MemorySegment pages = at.step().caches().apply(cache);
    return at.ops()
        .call(
            "gk_rope_store",
            queue -> Kernels.gk_rope_store(queue, rope, batch, queries, keys, values, pages));
  }
}
