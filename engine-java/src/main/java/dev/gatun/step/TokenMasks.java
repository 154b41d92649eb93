// TokenMasks: which tokens may be drawn in a step: a row of bits for each sequence that is masked.
package dev.gatun.step;

import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.sample.TokenMask;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * On the host, where {@link #set} writes them, and on the device. One copy on the host will do: the
 * masks of a step are written when the step before it is done.
 */
final class TokenMasks {
  private final Device device;
  private final long rowBytes;
  private final MemorySegment host;
  private final Buffer onDevice;

  TokenMasks(StepPlans plans, Device device, Arena arena) {
    this.device = device;
    rowBytes = rowBytes(plans);
    long bytes = bytes(plans);
    host = device.hostMemory("the token masks", bytes, arena);
    onDevice = device.allocate("the token masks", bytes, arena);
    host.fill((byte) 0);
  }

  /** Of the most masks, on the host as on the device. */
  static long bytes(StepPlans plans) {
    return plans.most().sequences() * rowBytes(plans);
  }

  private static long rowBytes(StepPlans plans) {
    return (long) Integer.BYTES * plans.maskWords();
  }

  /** (sequences, words) int32. */
  Buffer onDevice() {
    return onDevice;
  }

  /**
   * Writes a row.
   *
   * @param allowed as {@link TokenMask#allowed}; tokens behind its end are never drawn
   */
  void set(int row, MemorySegment allowed) {
    MemorySegment to = host.asSlice(row * rowBytes, rowBytes);
    long bytes = Math.min(rowBytes, allowed.byteSize());
    MemorySegment.copy(allowed, 0, to, 0, bytes);
    to.asSlice(bytes).fill((byte) 0);
  }

  /** Issues the copy of the first {@code rows} rows to the device. */
  void upload(int rows) {
    device.upload(host.asSlice(0, rows * rowBytes), onDevice);
  }
}
