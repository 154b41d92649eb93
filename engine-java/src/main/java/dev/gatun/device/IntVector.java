// IntVector: int32 numbers on their device, such as the column order of act-order weights.
package dev.gatun.device;

/** (n) int32. */
public final class IntVector {
  private Buffer data = Buffer.NONE;

  /** Says where the data lies. */
  public void bind(Buffer ints) {
    data = ints;
  }

  /** Where the data lies; empty before {@link #bind}. */
  public Buffer data() {
    return data;
  }
}
