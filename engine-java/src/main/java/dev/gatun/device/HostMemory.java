// HostMemory: memory of the machine itself, outside Java's heap.
package dev.gatun.device;

import dev.gatun.bindings.Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** In huge pages where the system has them, which spares the address translation of gigabytes. */
public final class HostMemory {
  private HostMemory() {}

  /**
   * {@code bytes} bytes that live as long as {@code arena}; not initialised, and no memory is taken
   * before it is touched. Refusal.doesNotFit where the system has none left.
   */
  public static MemorySegment allocate(long bytes, Arena arena) {
    Library.require();
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment out = scratch.allocate(ValueLayout.ADDRESS);
      Library.check(Kernels.gk_host_alloc(bytes, out), "gk_host_alloc");
      return out.get(ValueLayout.ADDRESS, 0)
          .reinterpret(bytes, arena, freed -> Kernels.gk_host_free(freed, bytes));
    }
  }
}
