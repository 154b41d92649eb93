// MatMul: a product with a weight matrix.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import dev.gatun.device.DType;
import dev.gatun.device.PackedMatrix;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** {@code gk_mat_mul}; with bfloat16 activations it is cuBLAS's. */
public record MatMul(PackedMatrix weight, Tensor x, Tensor y) implements Op.OneToOne {
  @Override
  public List<Product> products() {
    return List.of(new Product("MatMul", List.of(weight), x));
  }

  @Override
  public long weightBytes() {
    return weight.bytes();
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment from = at.struct(x);
    MemorySegment to = at.struct(y);
    if (x.dtype() == DType.BF16) {
      return () -> at.ops().multiplyByCublas(weight, from, to);
    }
    return at.ops()
        .call("gk_mat_mul", queue -> Kernels.gk_mat_mul(queue, weight.struct(), from, to));
  }
}
