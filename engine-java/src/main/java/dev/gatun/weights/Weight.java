// Weight: one tensor of a checkpoint, and where its bytes lie.
package dev.gatun.weights;

import dev.gatun.device.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A tensor under its Hugging Face name. The length of its data has been checked against shape and
 * type.
 *
 * @param shape outermost first: {@code (n)}, {@code (rows, cols)} = (out, in) of a linear, or
 *     {@code (experts, rows, cols)}
 * @param data one range an expert where the shape has three axes, else exactly one; read as long as
 *     the checkpoint is open. For AWQ and GPTQ this is {@code qweight}, in the file's own layout,
 *     see {@link GroupQuant}
 * @param group present exactly where {@code dtype} is AWQ, GPTQ or F8
 */
public record Weight(
    String name, DType dtype, long[] shape, List<ByteRange> data, Optional<GroupQuant> group) {

  public Weight {
    data = List.copyOf(data);
  }

  /** A tensor of one range and of a format that needs no other tensors. */
  static Weight plain(String name, DType dtype, long[] shape, ByteRange data) {
    return new Weight(name, dtype, shape, List.of(data), Optional.empty());
  }

  /** Number of weights. */
  public long count() {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  /** Bytes in the file, with zeros and scales where it has them. */
  public long bytes() {
    return size(data)
        + group.map(g -> size(g.zeros()) + size(g.scales()) + size(g.groupIndex())).orElse(0L);
  }

  /** The only range of a tensor of one or two axes. */
  public ByteRange range() {
    if (data.size() != 1) {
      throw new IllegalStateException(name + " has " + data.size() + " ranges");
    }
    return data.getFirst();
  }

  @Override
  public String toString() {
    return name + " " + dtype + Arrays.toString(shape);
  }

  private static long size(List<ByteRange> ranges) {
    return ranges.stream().mapToLong(ByteRange::bytes).sum();
  }
}
