// Product: one multiplication of an op: which weights, with what.
package dev.gatun.graph;

import dev.gatun.device.DType;
import dev.gatun.device.PackedMatrix;
import java.util.List;
import java.util.stream.Stream;

/**
 * @param op its op's name
 * @param weights of one shape and type: one, or gate and up
 */
public record Product(String op, List<PackedMatrix> weights, Tensor x) {

  private Product(String op, PackedMatrix weight, Tensor x) {
    this(op, List.of(weight), x);
  }

  public static Stream<Product> of(Op op) {
    return switch (op) {
      case Op.MatMul o -> Stream.of(new Product("MatMul", o.weight(), o.x()));
      case Op.Qkv o -> Stream.of(o.q(), o.k(), o.v()).map(w -> new Product("Qkv", w, o.x()));
      case Op.GateUp o -> Stream.of(new Product("GateUp", List.of(o.gate(), o.up()), o.x()));
      case Op.ExpertGateUp o ->
          Stream.of(new Product("ExpertGateUp", List.of(o.gate(), o.up()), o.x()));
      case Op.ExpertDown o -> Stream.of(new Product("ExpertDown", o.down(), o.h()));
      default -> Stream.empty();
    };
  }

  public PackedMatrix weight() {
    return weights.getFirst();
  }

  public boolean isGated() {
    return weights.size() == 2;
  }

  /** Whether it is NVIDIA's library's, which is given unpacked weights. */
  public boolean isUnpacked() {
    return x.dtype() == DType.BF16;
  }

  /** Bytes of one whole weight as bfloat16. */
  public long unpackedBytes() {
    return DType.BF16.bytes(weight().rows() * weight().cols());
  }
}
