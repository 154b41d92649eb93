// HostView: how a device's results become visible to the host.
package dev.gatun.device;

import java.lang.foreign.MemorySegment;

/**
 * On the CPU the memory itself; on a GPU a pinned copy, which the next {@link #refresh} overwrites.
 */
public sealed interface HostView permits CpuDevice.Direct, CudaDevice.Copied {

  /**
   * Issues the copy of {@code buffer}; it is there after {@link Device#sync}, or once a {@link
   * Mark} set later is passed.
   */
  void refresh(Buffer buffer);

  /** What {@code buffer} held when it was last refreshed. */
  MemorySegment content(Buffer buffer);
}
