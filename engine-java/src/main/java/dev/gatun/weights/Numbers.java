// Numbers: what a checkpoint's small tensors hold, as Java's numbers.
package dev.gatun.weights;

import dev.gatun.device.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Little-endian. Every F16 and BF16 is a float32, so nothing is rounded. */
final class Numbers {
  private static final ValueLayout.OfShort HALF =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Numbers() {}

  /** The values of an F32, F16 or BF16 vector. */
  static float[] floats(DType dtype, MemorySegment data) {
    float[] values = new float[Math.toIntExact(data.byteSize() / dtype.blockBytes())];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (dtype) {
            case F32 -> data.get(FLOAT, 4L * i);
            case F16 -> Float.float16ToFloat(data.get(HALF, 2L * i));
            case BF16 -> Float.intBitsToFloat(data.get(HALF, 2L * i) << 16);
            default -> throw new IllegalArgumentException(dtype + " is no float");
          };
    }
    return values;
  }

  /** The values of an I32 vector. */
  static int[] ints(ByteRange data) {
    return MemorySegment.ofArray(data.toArray()).toArray(INT);
  }
}
