// RandomBlocks: valid random blocks of each format.
package dev.gatun.weights;

import dev.gatun.device.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;

/**
 * Codes and sub-scales are uniform bits; the float16 scales, at the offsets of ggml's block
 * structures (ggml-common.h), are chosen so that weights deviate by about {@link
 * RandomWeights#DEVIATION} around zero.
 */
final class RandomBlocks {
  /** A float16 of a block: where it lies, and its value on average. */
  private record Half(int at, double value) {}

  private static final double WANTED = RandomWeights.DEVIATION;

  /** Deviation of 4-bit codes, uniform in 0 to 15. */
  private static final double NIBBLES = 4.61;

  /** Deviation of float8 weights without their scale: the greatest of 128 x 128 reaches 448. */
  private static final double FLOATS = 100;

  private RandomBlocks() {}

  /** Fills {@code data}, whole blocks of {@code dtype}. */
  static void write(DType dtype, MemorySegment data, Random random) {
    if (!dtype.isQuantized()) {
      writeScalars(dtype, data, random);
      return;
    }
    bytes(data, random);
    List<Half> halves = halves(dtype);
    for (long block = 0; block < data.byteSize(); block += dtype.blockBytes()) {
      double spread = spread(random);
      for (Half half : halves) {
        setHalf(data, block + half.at(), half.value() * spread);
      }
    }
  }

  /** Normal numbers, as large as float8 e4m3fn holds them in a square of 128 rows and columns. */
  static void floats8(MemorySegment data, Random random) {
    for (long at = 0; at < data.byteSize(); at++) {
      data.set(ValueLayout.JAVA_BYTE, at, float8((float) (FLOATS * random.nextGaussian())));
    }
  }

  /** The nearest float8; eighths of its power of two are counted, of the least one below 2^-6. */
  private static byte float8(float x) {
    float magnitude = Math.min(Math.abs(x), 448);
    int exponent = Math.max(Math.getExponent(magnitude), -6);
    int code = 8 * (exponent + 6) + Math.round(Math.scalb(magnitude, 3 - exponent));
    return (byte) (x < 0 ? code | 0x80 : code);
  }

  /** Uniform bits. */
  static void bytes(MemorySegment data, Random random) {
    long at = 0;
    for (; at + Long.BYTES <= data.byteSize(); at += Long.BYTES) {
      data.set(ValueLayout.JAVA_LONG_UNALIGNED, at, random.nextLong());
    }
    for (; at < data.byteSize(); at++) {
      data.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
    }
  }

  /** Ones of a type that has no blocks. */
  static void ones(DType dtype, MemorySegment data) {
    for (long at = 0; at < data.byteSize(); at += dtype.blockBytes()) {
      setScalar(dtype, data, at, 1);
    }
  }

  /** float16 scales of 4-bit codes, or float32 ones of float8. */
  static void scales(DType dtype, MemorySegment data, Random random) {
    double scale = WANTED / (dtype == DType.F32 ? FLOATS : NIBBLES);
    for (long at = 0; at < data.byteSize(); at += dtype.blockBytes()) {
      setScalar(dtype, data, at, (float) (scale * spread(random)));
    }
  }

  // The divisor is the deviation of what the scale multiplies; a minimum or offset cancels its
  // mean.
  private static List<Half> halves(DType dtype) {
    return switch (dtype) {
      case Q4_0 -> List.of(new Half(0, WANTED / NIBBLES));
      case Q4_1 -> offset(WANTED / NIBBLES, 7.5);
      case Q5_0 -> List.of(new Half(0, WANTED / 9.23));
      case Q5_1 -> offset(WANTED / 9.23, 15.5);
      case Q8_0 -> List.of(new Half(0, WANTED / 73.9));
      case Q2_K -> List.of(new Half(80, WANTED / 13.9), new Half(82, 1.5 * WANTED / 13.9));
      case Q3_K -> List.of(new Half(108, WANTED / 43));
      case Q4_K -> List.of(new Half(0, WANTED / 258), new Half(2, 7.5 * WANTED / 258));
      case Q5_K -> List.of(new Half(0, WANTED / 527), new Half(2, 15.5 * WANTED / 527));
      case Q6_K -> List.of(new Half(208, WANTED / 1368));
      case IQ4_NL -> List.of(new Half(0, WANTED / 70));
      case IQ4_XS -> List.of(new Half(0, WANTED / 1293));
      default -> throw new IllegalArgumentException(dtype + " has no blocks of weights");
    };
  }

  private static List<Half> offset(double scale, double mean) {
    return List.of(new Half(0, scale), new Half(2, -mean * scale));
  }

  private static void writeScalars(DType dtype, MemorySegment data, Random random) {
    for (long at = 0; at < data.byteSize(); at += dtype.blockBytes()) {
      setScalar(dtype, data, at, (float) (WANTED * random.nextGaussian()));
    }
  }

  private static void setScalar(DType dtype, MemorySegment data, long at, float value) {
    switch (dtype) {
      case F32 -> data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, value);
      case F16 -> setHalf(data, at, value);
      case BF16 ->
          data.set(
              ValueLayout.JAVA_SHORT_UNALIGNED, at, (short) (Float.floatToIntBits(value) >> 16));
      default -> throw new IllegalArgumentException(dtype + " is no type of weights");
    }
  }

  private static double spread(Random random) {
    return 0.5 + random.nextDouble();
  }

  private static void setHalf(MemorySegment data, long at, double value) {
    data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, Float.floatToFloat16((float) value));
  }
}
