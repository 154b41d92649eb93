// ExponentRange: scales stored as their exponents, as if they had been stored in float32.
package dev.gatun.weights;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * A byte e of UE8M0 stands for 2^(e − 127), and 255 for what is not a number (source: OCP
 * Microscaling Formats 1.0, E8M0). Offsets and sizes are whole floats.
 */
record ExponentRange(ByteRange exponents) implements ByteRange {
  private static final int NOT_A_NUMBER = 255;
  private static final int LEAST = 0x0040_0000; // 2^-127, below float32's normal numbers
  private static final int EXPONENT_AT = 23;

  @Override
  public long bytes() {
    return Float.BYTES * exponents.bytes();
  }

  @Override
  public ByteRange slice(long offset, long bytes) {
    Objects.checkFromIndexSize(offset, bytes, bytes());
    return new ExponentRange(exponents.slice(offset / Float.BYTES, bytes / Float.BYTES));
  }

  @Override
  public ByteRange named(String name) {
    return new ExponentRange(exponents.named(name));
  }

  /** The work is done where the reading is awaited. */
  @Override
  public Reading begin(long offset, MemorySegment into) {
    Objects.checkFromIndexSize(offset, into.byteSize(), bytes());
    byte[] stored = new byte[Math.toIntExact(into.byteSize() / Float.BYTES)];
    Reading reading = exponents.begin(offset / Float.BYTES, MemorySegment.ofArray(stored));
    return () -> {
      reading.await();
      for (int i = 0; i < stored.length; i++) {
        into.set(ValueLayout.JAVA_FLOAT_UNALIGNED, (long) Float.BYTES * i, value(stored[i]));
      }
    };
  }

  private static float value(byte stored) {
    int exponent = Byte.toUnsignedInt(stored);
    return exponent == NOT_A_NUMBER
        ? Float.NaN
        : Float.intBitsToFloat(exponent == 0 ? LEAST : exponent << EXPONENT_AT);
  }
}
