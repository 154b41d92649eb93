// Qkv: the three products that attention begins with.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import dev.gatun.device.PackedMatrix;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Stream;

/** {@code gk_qkv}. */
public record Qkv(PackedMatrix q, PackedMatrix k, PackedMatrix v, Tensor x, Heads y) implements Op {

  /** Queries (tokens, heads * headDim), keys and values (tokens, kvHeads * headDim). */
  public record Heads(Tensor q, Tensor k, Tensor v) {}

  @Override
  public List<Tensor> reads() {
    return List.of(x);
  }

  @Override
  public List<Tensor> writes() {
    return List.of(y.q, y.k, y.v);
  }

  @Override
  public List<Product> products() {
    return Stream.of(q, k, v)
        .map(weight -> new Product("Qkv", List.of(weight), x, Provider.KERNELS))
        .toList();
  }

  @Override
  public long weightBytes() {
    return q.bytes() + k.bytes() + v.bytes();
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment from = at.struct(x);
    MemorySegment yq = at.struct(y.q);
    MemorySegment yk = at.struct(y.k);
    MemorySegment yv = at.struct(y.v);
    return at.ops()
        .call(
            "gk_qkv",
            queue -> Kernels.gk_qkv(queue, q.struct(), k.struct(), v.struct(), from, yq, yk, yv));
  }
}
