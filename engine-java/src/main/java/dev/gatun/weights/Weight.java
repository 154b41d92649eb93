// Weight: one tensor of a checkpoint, where it lies in the mapped file.
package dev.gatun.weights;

import dev.gatun.device.DType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A tensor under its Hugging Face name. The length of its data has been checked against shape and type.
 *
 * @param shape outermost first: {@code (n)}, {@code (rows, cols)} = (out, in) of a linear, or {@code (experts, rows, cols)}
 * @param data slices of the read-only mapping: one an expert where the shape has three axes, else exactly one. GGUF tensors
 *     start at multiples of the file's alignment (32 unless it says otherwise); the safetensors format promises none. For
 *     AWQ and GPTQ this is {@code qweight}, in the file's own layout, see {@link GroupQuant}
 * @param group present exactly where {@code dtype} is AWQ or GPTQ
 */
public record Weight(
    String name, DType dtype, long[] shape, List<MemorySegment> data, Optional<GroupQuant> group) {

  public Weight {
    data = List.copyOf(data);
  }

  /** A tensor of one slice and of a format that needs no other tensors. */
  static Weight plain(String name, DType dtype, long[] shape, MemorySegment data) {
    return new Weight(name, dtype, shape, List.of(data), Optional.empty());
  }

  /** Number of weights. */
  public long count() {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  /** Bytes in the file, with zeros and scales where it has them. */
  public long bytes() {
    return size(data) + group.map(g -> size(g.zeros()) + size(g.scales()) + size(g.groupIndex())).orElse(0L);
  }

  /** The only slice of a tensor of one or two axes. */
  public MemorySegment segment() {
    if (data.size() != 1) {
      throw new IllegalStateException(name + " has " + data.size() + " slices");
    }
    return data.getFirst();
  }

  @Override
  public String toString() {
    return name + " " + dtype + Arrays.toString(shape);
  }

  private static long size(List<MemorySegment> segments) {
    return segments.stream().mapToLong(MemorySegment::byteSize).sum();
  }
}
