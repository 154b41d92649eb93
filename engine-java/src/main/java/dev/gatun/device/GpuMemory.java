// GpuMemory: what is taken of one GPU's memory, and of the host's memory for it.
package dev.gatun.device;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.stream.Collectors;

/** All of it belongs to arenas. Where there is no room, the refusal names who has it. */
final class GpuMemory {
  private final GpuRuntime runtime;
  private final Gpu gpu;
  private final String name;
  private long allocations;
  private long allocatedBytes;

  /**
   * @param name of the device, for messages
   */
  GpuMemory(GpuRuntime runtime, Gpu gpu, String name) {
    this.runtime = runtime;
    this.gpu = gpu;
    this.name = name;
  }

  /** Makes CUDA's context, the first thing that a full GPU has no room for. */
  void begin() {
    try {
      runtime.here();
    } catch (Refusal e) {
      throw e.reason() == Refusal.Reason.DOES_NOT_FIT
          ? Refusal.doesNotFit(
              name + " has no room for CUDA's context" + others(),
              "end what else runs on that GPU, or use another")
          : e;
    }
  }

  long allocations() {
    return allocations;
  }

  long allocatedBytes() {
    return allocatedBytes;
  }

  Buffer allocate(String purpose, long bytes, Arena arena) {
    MemorySegment memory = runtime.here().allocate(bytes);
    if (memory.address() == 0) {
      throw noRoom(purpose, bytes);
    }
    allocations++;
    allocatedBytes += bytes;
    return new Buffer(
        memory.reinterpret(
            bytes, arena, freed -> runtime.giveBack(cuda -> cuda.free(freed, bytes))));
  }

  private Refusal noRoom(String purpose, long bytes) {
    DeviceMemory left = runtime.here().memory();
    return Refusal.doesNotFit(
        name
            + " has no room for "
            + purpose
            + ": "
            + Library.gibibytes(bytes)
            + " asked for, "
            + Library.gibibytes(left.free())
            + " of "
            + Library.gibibytes(left.total())
            + " free"
            + others(),
        Library.SMALLER + ", or end what else runs on that GPU");
  }

  /** Who holds the memory, as the end of a sentence. */
  private String others() {
    return runtime.runtime().state(gpu).stream()
        .flatMap(state -> state.greatest().stream())
        .map(process -> ", " + process)
        .collect(Collectors.joining());
  }

  /** Pins what the host has; the result undoes it. */
  Runnable pin(String purpose, MemorySegment host) {
    if (!runtime.here().pin(host, host.byteSize())) {
      throw Refusal.doesNotFit(
          "host memory for " + purpose + " cannot be pinned: " + Library.gibibytes(host.byteSize()),
          "free memory or use a smaller -ub (under WSL, Windows lets less be pinned)");
    }
    return () -> runtime.giveBack(cuda -> cuda.unpin(host));
  }

  /** Pinned. */
  MemorySegment allocateOnHost(String purpose, long bytes, Arena arena) {
    // Asked first, since memory that is pinned is taken at once, if need be from other processes.
    long available = HostMemory.ofMachine().free();
    MemorySegment memory =
        bytes > available ? MemorySegment.NULL : runtime.here().allocatePinned(bytes);
    if (memory.address() == 0) {
      throw Refusal.doesNotFit(
          "no pinned host memory for "
              + purpose
              + ": "
              + Library.gibibytes(bytes)
              + " asked for, "
              + Library.gibibytes(available)
              + " available",
          "free memory or use a smaller model (under WSL, Windows lets less be pinned)");
    }
    allocations++;
    allocatedBytes += bytes;
    return memory.reinterpret(
        bytes, arena, freed -> runtime.giveBack(cuda -> cuda.freePinned(freed, bytes)));
  }
}
