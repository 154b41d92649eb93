// EmulatedRuntime: a GPU played by the host, for libgatun.so with its CUDA kernels compiled as C++.
package dev.gatun.device;

import dev.gatun.bindings.Kernels;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Device memory is host memory, poisoned so that nothing relies on its first content; every call is
 * done when it returns; a recording is the calls, made again. It tells of a terabyte, of which
 * {@code -Dgatun.emulated.bytes} can be had, as if another process filled it.
 */
final class EmulatedRuntime implements CudaRuntime {
  private static final long TOTAL = 1L << 40;

  private final long limit = Long.getLong("gatun.emulated.bytes", TOTAL);
  private long used;

  private EmulatedRuntime() {}

  static EmulatedRuntime open() {
    if (Library.cudaBuild() != Kernels.GK_CUDA_EMULATED()) {
      throw Refusal.device(
          "this libgatun has no emulated CUDA back end",
          "build one with cmake -DGATUN_CUDA=emulated and name it with -Dgatun.library",
          null);
    }
    return new EmulatedRuntime();
  }

  @Override
  public int devices() {
    return 1;
  }

  @Override
  public Gpu describe(int device) {
    return new Gpu(device, "emulated GPU", Gpu.OLDEST, TOTAL, "", "");
  }

  @Override
  public Optional<GpuState> state(Gpu gpu) {
    return Optional.empty();
  }

  @Override
  public void use(int device) {}

  @Override
  public DeviceMemory memory() {
    return new DeviceMemory(TOTAL, TOTAL - used);
  }

  @Override
  public MemorySegment openStream() {
    return MemorySegment.NULL;
  }

  @Override
  public void closeStream(MemorySegment stream) {}

  @Override
  public MemorySegment allocate(long bytes) {
    if (bytes > limit - used) {
      return MemorySegment.NULL;
    }
    MemorySegment memory = Library.hostMemory(bytes);
    if (memory.address() != 0) {
      used += bytes;
      memory.reinterpret(bytes).fill((byte) 0xFF);
    }
    return memory;
  }

  @Override
  public void free(MemorySegment memory, long bytes) {
    used -= bytes;
    Kernels.gk_host_free(memory, bytes);
  }

  @Override
  public MemorySegment allocatePinned(long bytes) {
    return Library.hostMemory(bytes);
  }

  @Override
  public MemorySegment onDevice(MemorySegment pinned) {
    return pinned;
  }

  @Override
  public void freePinned(MemorySegment memory, long bytes) {
    Kernels.gk_host_free(memory, bytes);
  }

  @Override
  public void copy(MemorySegment from, MemorySegment to, long bytes, MemorySegment stream) {
    MemorySegment.copy(from.reinterpret(bytes), 0, to.reinterpret(bytes), 0, bytes);
  }

  @Override
  public void sync(MemorySegment stream) {}

  @Override
  public Blas openBlas(MemorySegment stream) {
    return new EmulatedBlas();
  }

  @Override
  public Recording record(MemorySegment stream, Runnable calls) {
    return new Repeated(calls);
  }
}
