// FloatVector: a norm's weight or a bias, in float32 on its device.
package dev.gatun.device;

import java.lang.foreign.MemorySegment;

/** (n) float32. */
public final class FloatVector {
  private MemorySegment data = MemorySegment.NULL;

  /** Says where the data lies. */
  public void place(MemorySegment floats) {
    data = floats;
  }

  MemorySegment data() {
    return data;
  }
}
