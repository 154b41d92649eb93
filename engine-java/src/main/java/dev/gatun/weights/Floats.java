// Floats: reads norms and biases as float32, whatever the checkpoint keeps them in.
package dev.gatun.weights;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Every F16 and BF16 is a float32, so nothing is rounded. */
final class Floats {
  private static final ValueLayout.OfShort HALF =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Floats() {}

  /** The values of an F32, F16 or BF16 vector. */
  static float[] of(Weight vector) {
    MemorySegment data = vector.segment();
    float[] values = new float[Math.toIntExact(vector.count())];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (vector.dtype()) {
            case F32 -> data.get(FLOAT, 4L * i);
            case F16 -> Float.float16ToFloat(data.get(HALF, 2L * i));
            case BF16 -> Float.intBitsToFloat(data.get(HALF, 2L * i) << 16);
            default -> throw new IllegalArgumentException(vector.dtype() + " is no float");
          };
    }
    return values;
  }
}
