// HeadMatMul: a product with a matrix of each head's own.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import dev.gatun.device.PackedMatrix;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * {@code gk_head_mat_mul}.
 *
 * @param kept the whole of {@code y} is not written: what it held before is needed
 */
public record HeadMatMul(PackedMatrix weight, Tensor x, Tensor y, boolean kept) implements Op {
  @Override
  public List<Tensor> reads() {
    return kept ? List.of(x, y) : List.of(x);
  }

  @Override
  public List<Tensor> writes() {
    return List.of(y);
  }

  @Override
  public List<Product> products() {
    return List.of(new Product("HeadMatMul", List.of(weight), x, Provider.KERNELS));
  }

  @Override
  public long weightBytes() {
    return weight.bytes();
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment from = at.struct(x);
    MemorySegment to = at.struct(y);
    return at.ops()
        .call(
            "gk_head_mat_mul", queue -> Kernels.gk_head_mat_mul(queue, weight.struct(), from, to));
  }
}
