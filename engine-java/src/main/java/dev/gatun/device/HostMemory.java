// HostMemory: memory of the machine itself, outside Java's heap.
package dev.gatun.device;

import dev.gatun.bindings.Kernels;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** In huge pages where the system has them, which spares the address translation of gigabytes. */
public final class HostMemory {
  private HostMemory() {}

  /**
   * {@code bytes} bytes that live as long as {@code arena}; not initialised, and no memory is taken
   * before it is touched. Refusal.doesNotFit where the system has none left.
   */
  public static MemorySegment allocate(long bytes, Arena arena) {
    Library.require();
    MemorySegment memory = Library.hostMemory(bytes);
    if (memory.address() == 0) {
      throw Refusal.doesNotFit(
          "no memory: " + Library.gibibytes(bytes) + " asked for", Library.SMALLER);
    }
    return memory.reinterpret(bytes, arena, freed -> Kernels.gk_host_free(freed, bytes));
  }
}
