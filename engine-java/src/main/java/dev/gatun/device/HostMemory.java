// HostMemory: memory of the machine itself, outside Java's heap.
package dev.gatun.device;

import dev.gatun.bindings.Kernels;
import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/** In huge pages where the system has them, which spares the address translation of gigabytes. */
public final class HostMemory {
  private HostMemory() {}

  /** Of the machine or of the container, and what could be allocated now without swapping. */
  public static DeviceMemory ofMachine() {
    return under(Path.of("/"));
  }

  /** The same, read below {@code root} in place of "/". */
  static DeviceMemory under(Path root) {
    Path meminfo = root.resolve("proc/meminfo");
    DeviceMemory machine =
        new DeviceMemory(bytes(meminfo, "MemTotal:"), bytes(meminfo, "MemAvailable:"));
    return ControlGroups.least(machine, new ControlGroups(root).memory());
  }

  /** The same number for all processes of a machine, since it was started (source: random(4)). */
  public static long machine() {
    try {
      String id = Files.readString(Path.of("/proc/sys/kernel/random/boot_id"));
      return UUID.fromString(id.strip()).getLeastSignificantBits();
    } catch (IOException | IllegalArgumentException e) {
      return 0;
    }
  }

  /** A field of /proc/meminfo in bytes (source: proc(5)). */
  private static long bytes(Path meminfo, String field) {
    try {
      for (String line : Files.readAllLines(meminfo)) {
        if (line.startsWith(field)) {
          return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
        }
      }
    } catch (IOException e) {
      return Long.MAX_VALUE;
    }
    return Long.MAX_VALUE;
  }

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
