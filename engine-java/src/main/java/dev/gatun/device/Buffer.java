// Buffer: memory of a device, which only ops and copies can look into.
package dev.gatun.device;

import dev.gatun.bindings.Kernels;
import java.lang.foreign.MemorySegment;

/**
 * A range of one device's memory, valid as long as the arena it was allocated in. What it holds is
 * read through {@link HostView} or {@link Device#download}.
 */
public final class Buffer {
  /** No memory: for what is planned and never run. */
  public static final Buffer NONE = new Buffer(MemorySegment.NULL);

  /** Bytes that a tensor, a weight or a page is aligned to. */
  public static final long ALIGNMENT = Kernels.GK_ALIGNMENT();

  private final MemorySegment segment;

  /**
   * @param segment the range; on a GPU an address that the host must not follow
   */
  Buffer(MemorySegment segment) {
    this.segment = segment;
  }

  /** {@code bytes}, rounded up to where the next tensor may begin. */
  public static long aligned(long bytes) {
    return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
  }

  public long bytes() {
    return segment.byteSize();
  }

  /** The {@code bytes} bytes from {@code offset} on; IndexOutOfBoundsException past the end. */
  public Buffer slice(long offset, long bytes) {
    return new Buffer(segment.asSlice(offset, bytes));
  }

  /** The range; on a GPU an address that the host must not follow. */
  public MemorySegment segment() {
    return segment;
  }
}
