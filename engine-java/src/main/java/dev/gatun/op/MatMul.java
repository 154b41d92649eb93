// MatMul: a product with a weight matrix.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import dev.gatun.device.PackedMatrix;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** {@code gk_mat_mul}, or the same by cuBLAS. */
public record MatMul(PackedMatrix weight, Tensor x, Tensor y, Provider provider)
    implements Op.OneToOne {
  @Override
  public List<Product> products() {
    return List.of(new Product("MatMul", List.of(weight), x, provider));
  }

  @Override
  public long weightBytes() {
    return weight.bytes();
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment from = at.struct(x);
    MemorySegment to = at.struct(y);
    return switch (provider) {
      case KERNELS ->
          at.ops()
              .call("gk_mat_mul", queue -> Kernels.gk_mat_mul(queue, weight.struct(), from, to));
      case CUBLAS -> () -> at.ops().multiplyByCublas(weight, from, to);
    };
  }
}
