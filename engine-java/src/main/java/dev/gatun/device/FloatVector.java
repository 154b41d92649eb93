// FloatVector: a norm's weight, a bias or RoPE's frequencies, in float32 on its device.
package dev.gatun.device;

import java.lang.foreign.MemorySegment;

/** (n) float32. */
public final class FloatVector {
  private MemorySegment data = MemorySegment.NULL;

  /** Says where the data lies. */
  public void bind(Buffer floats) {
    data = floats.segment();
  }

  /** Where the data lies: an address for the contract. */
  public MemorySegment data() {
    return data;
  }
}
