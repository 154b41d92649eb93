// EmulatedBlas: cuBLAS played by the host: the same products, in ascending order.
package dev.gatun.device;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;

/** Refuses to multiply before it was lent its workspace, as a real one would allocate then. */
final class EmulatedBlas implements Blas {
  private final Consumer<Runnable> stream;
  private boolean hasWorkspace;

  /**
   * @param stream does a call, or notes it
   */
  EmulatedBlas(Consumer<Runnable> stream) {
    this.stream = stream;
  }

  @Override
  public void workspace(MemorySegment memory, long bytes) {
    hasWorkspace = bytes > 0;
  }

  @Override
  public void multiply(
      int tokens,
      int rows,
      int cols,
      MemorySegment x,
      MemorySegment weight,
      MemorySegment y,
      int stride) {
    if (!hasWorkspace) {
      throw new IllegalStateException("cuBLAS would allocate its workspace");
    }
    stream.accept(() -> multiplyNow(tokens, rows, cols, x, weight, y, stride));
  }

  private static void multiplyNow(
      int tokens,
      int rows,
      int cols,
      MemorySegment x,
      MemorySegment weight,
      MemorySegment y,
      int stride) {
    float[] a = floats(x, (long) tokens * cols);
    float[] b = floats(weight, (long) rows * cols);
    MemorySegment out = y.reinterpret(4L * (tokens - 1) * stride + 4L * rows);
    for (int t = 0; t < tokens; t++) {
      for (int r = 0; r < rows; r++) {
        float sum = 0;
        for (int c = 0; c < cols; c++) {
          sum = Math.fma(a[t * cols + c], b[r * cols + c], sum);
        }
        out.setAtIndex(ValueLayout.JAVA_FLOAT, (long) t * stride + r, sum);
      }
    }
  }

  private static float[] floats(MemorySegment bf16, long count) {
    short[] bits = bf16.reinterpret(2 * count).toArray(ValueLayout.JAVA_SHORT);
    float[] values = new float[bits.length];
    for (int i = 0; i < bits.length; i++) {
      values[i] = Float.intBitsToFloat(bits[i] << 16);
    }
    return values;
  }

  @Override
  public void close() {}
}
