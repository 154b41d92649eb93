// FloatRange: rows of an FP8 matrix as if they had been stored in float32.
package dev.gatun.weights;

import dev.gatun.device.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Each weight is its float8 times its square's scale, rounded to float32 as the kernels round it.
 * Nothing is read before {@link #begin}; offsets and sizes are whole floats.
 *
 * @param weight its name, for messages
 * @param codes of the whole matrix
 * @param scales of the whole matrix
 * @param start of the range in the matrix, in weights
 */
record FloatRange(
    String weight, ByteRange codes, ByteRange scales, long cols, long start, long bytes)
    implements ByteRange {
  private static final float[] VALUES = values();

  /** Rows {@code first} to {@code first + count − 1} of matrix {@code matrix} of an FP8 weight. */
  static ByteRange of(Weight weight, int matrix, long first, long count) {
    long cols = weight.shape()[weight.shape().length - 1];
    long rows = weight.shape()[weight.shape().length - 2];
    Objects.checkFromIndexSize(first, count, rows);
    return new FloatRange(
        weight.name(),
        weight.data().get(matrix),
        weight.group().orElseThrow().scales().get(matrix),
        cols,
        first * cols,
        Float.BYTES * count * cols);
  }

  /** An FP8 weight as one in float32. */
  static Weight weight(Weight fp8) {
    long rows = fp8.shape()[fp8.shape().length - 2];
    List<ByteRange> data =
        IntStream.range(0, fp8.data().size()).mapToObj(i -> of(fp8, i, 0, rows)).toList();
    return new Weight(fp8.name(), DType.F32, fp8.shape(), data, Optional.empty());
  }

  @Override
  public ByteRange slice(long offset, long count) {
    Objects.checkFromIndexSize(offset, count, bytes);
    return new FloatRange(weight, codes, scales, cols, start + offset / Float.BYTES, count);
  }

  @Override
  public ByteRange named(String name) {
    return this;
  }

  /** The work is done where the reading is awaited. */
  @Override
  public Reading begin(long offset, MemorySegment into) {
    Objects.checkFromIndexSize(offset, into.byteSize(), bytes);
    int count = Math.toIntExact(into.byteSize() / Float.BYTES);
    if (count == 0) {
      return Reading.DONE;
    }
    long first = start + offset / Float.BYTES;
    long across = Math.ceilDiv(cols, SquareWeights.SIDE);
    long above = first / cols / SquareWeights.SIDE;
    long below = (first + count - 1) / cols / SquareWeights.SIDE + 1;
    byte[] stored = new byte[count];
    byte[] factors = new byte[Math.toIntExact((below - above) * across * Float.BYTES)];
    Reading reading =
        Reading.all(
            List.of(
                codes.begin(first, MemorySegment.ofArray(stored)),
                scales.begin(above * across * Float.BYTES, MemorySegment.ofArray(factors))));
    return () -> {
      reading.await();
      float[] scale = SquareWeights.scales(weight, factors);
      for (int i = 0; i < count; i++) {
        long square =
            ((first + i) / cols / SquareWeights.SIDE - above) * across
                + (first + i) % cols / SquareWeights.SIDE;
        float value = VALUES[Byte.toUnsignedInt(stored[i])] * scale[(int) square];
        into.set(ValueLayout.JAVA_FLOAT_UNALIGNED, (long) Float.BYTES * i, value);
      }
    };
  }

  /** Of all codes of float8 e4m3fn (source: OCP OFP8 1.0). */
  private static float[] values() {
    float[] values = new float[256];
    for (int code = 0; code < values.length; code++) {
      int exponent = code >> 3 & 15;
      int mantissa = code & 7;
      float size =
          (code & 0x7f) == 0x7f
              ? Float.NaN
              : exponent == 0
                  ? Math.scalb((float) mantissa, -9)
                  : Math.scalb((float) (8 + mantissa), exponent - 10);
      values[code] = code < 128 ? size : -size;
    }
    return values;
  }
}
