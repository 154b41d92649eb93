// Product: one multiplication of an op: which weights, with what.
package dev.gatun.op;

import dev.gatun.device.DType;
import dev.gatun.device.PackedMatrix;
import java.util.List;

/**
 * @param op its op's name
 * @param weights of one shape and type: one, or gate and up
 */
public record Product(String op, List<PackedMatrix> weights, Tensor x, Provider provider) {

  public PackedMatrix weight() {
    return weights.getFirst();
  }

  public boolean isGated() {
    return weights.size() == 2;
  }

  /** Bytes of one whole weight as bfloat16. */
  public long unpackedBytes() {
    return DType.BF16.bytes(weight().rows() * weight().cols());
  }
}
