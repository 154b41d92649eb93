// EmulatedRuntime: a GPU played by the host, for libgatun.so with its CUDA kernels compiled as C++.
package dev.gatun.device;

import dev.gatun.bindings.Kernels;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Device memory is host memory, poisoned so that nothing relies on its first content; every call is
 * done when it returns, but copies from and to memory that others see are late: what comes from the
 * device is there once it was waited for, and what goes to it must not have changed until then. A
 * recording keeps calls with the arguments they had, as a CUDA graph does; allocating, waiting,
 * marking and copying pageable memory are refused meanwhile. It tells of a terabyte, of which
 * {@code -Dgatun.emulated.bytes} can be had, as if another process filled it. The environment says
 * what kernels' launches are shaped by: see kernels-cuda/emulation/machine.hpp.
 *
 * <p>Found as a service, so that the engine has none of it. Each device has one of its own, used by
 * one thread at a time; any thread may wait for its events.
 */
public final class EmulatedRuntime implements CudaRuntime {
  private static final long TOTAL = 1L << 40;
  private static final AtomicLong WAITS = new AtomicLong();

  private final EmulatedCuda cuda = new EmulatedCuda();
  private final long limit = Long.getLong("gatun.emulated.bytes", TOTAL);
  private final EmulatedCopies copies = new EmulatedCopies();
  private Optional<EmulatedGraph> capturing = Optional.empty();
  private long used;

  /** For a libgatun.so whose GPU is emulated. */
  public EmulatedRuntime() {}

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
    return cuda.openStream();
  }

  @Override
  public void closeStream(MemorySegment stream) {
    cuda.closeStream(stream);
  }

  private void refuseWhileCapturing(String what) {
    capturing.ifPresent(graph -> graph.refuse(what));
  }

  @Override
  public MemorySegment allocate(long bytes) {
    refuseWhileCapturing("allocating device memory");
    if (bytes > limit - used) {
      return MemorySegment.NULL;
    }
    MemorySegment memory = Library.hostMemory(bytes);
    if (memory.address() != 0) {
      used += bytes;
      copies.onDevice().add(memory, bytes);
      memory.reinterpret(bytes).fill((byte) 0xFF);
    }
    return memory;
  }

  @Override
  public void free(MemorySegment memory, long bytes) {
    used -= bytes;
    copies.free(memory);
    Kernels.gk_host_free(memory, bytes);
  }

  @Override
  public MemorySegment allocatePinned(long bytes) {
    refuseWhileCapturing("allocating pinned memory");
    MemorySegment memory = Library.hostMemory(bytes);
    if (memory.address() != 0) {
      copies.pinned().add(memory, bytes);
    }
    return memory;
  }

  @Override
  public MemorySegment onDevice(MemorySegment pinned) {
    return pinned;
  }

  @Override
  public void freePinned(MemorySegment memory, long bytes) {
    copies.pinned().remove(memory);
    Kernels.gk_host_free(memory, bytes);
  }

  @Override
  public void copy(MemorySegment from, MemorySegment to, long bytes, MemorySegment stream) {
    if (capturing.isPresent() && (isPageable(from) || isPageable(to))) {
      refuseWhileCapturing("copying " + bytes + " bytes");
    }
    issue(() -> copies.copy(from.reinterpret(bytes), to.reinterpret(bytes), stream));
  }

  @Override
  public void copy(MemorySegment from, MemorySegment to, Block block, MemorySegment stream) {
    for (long row = 0; row < block.rows(); row++) {
      MemorySegment source = MemorySegment.ofAddress(from.address() + row * block.fromStride());
      MemorySegment target = MemorySegment.ofAddress(to.address() + row * block.toStride());
      copy(source, target, block.width(), stream);
    }
  }

  @Override
  public boolean pin(MemorySegment host, long bytes) {
    copies.pinned().add(host, bytes);
    return true;
  }

  @Override
  public void unpin(MemorySegment host) {
    copies.pinned().remove(host);
  }

  /** Does {@code call}, or notes it. */
  private void issue(Runnable call) {
    capturing.ifPresentOrElse(graph -> graph.note(call), call);
  }

  private boolean isPageable(MemorySegment memory) {
    return !copies.pinned().hold(memory) && !copies.onDevice().hold(memory);
  }

  @Override
  public void sync(MemorySegment stream) {
    WAITS.incrementAndGet();
    cuda.sync(stream, "waiting for the GPU");
    copies.complete(stream);
  }

  @Override
  public MemorySegment openEvent() {
    return copies.openEvent();
  }

  @Override
  public void closeEvent(MemorySegment event) {
    copies.closeEvent(event);
  }

  @Override
  public void mark(MemorySegment event, MemorySegment stream) {
    refuseWhileCapturing("marking a step"); // CUDA takes it, but it would never be passed
    copies.mark(event, stream);
  }

  @Override
  public void after(MemorySegment event, MemorySegment stream) {
    refuseWhileCapturing("ordering work of two GPUs");
    EmulatedCopies.after(event, stream);
  }

  @Override
  public void await(MemorySegment event) {
    refuseWhileCapturing("waiting for the GPU");
    EmulatedCopies.await(event);
  }

  @Override
  public long nanosBetween(MemorySegment from, MemorySegment to) {
    return EmulatedCopies.nanosBetween(from, to);
  }

  /** All emulated GPUs' memory is the host's. */
  @Override
  public boolean reach(int reader, int owner) {
    return true;
  }

  @Override
  public boolean hasNccl() {
    return !Boolean.getBoolean("gatun.emulated.no-nccl");
  }

  @Override
  public byte[] newNcclId() {
    return EmulatedNccl.newId();
  }

  @Override
  public Nccl openNccl(byte[] id, int rank, int size) {
    return new EmulatedNccl(id, rank, copies);
  }

  @Override
  public Blas openBlas(MemorySegment stream) {
    return new EmulatedBlas(this::issue);
  }

  /** Bytes that were copied to the host in this process, so that tests know what was. */
  public static long bytesToHost() {
    return EmulatedCopies.bytesToHost();
  }

  /** How often recordings were run in this process, so that tests know what they tested. */
  public static long recordingsRun() {
    return EmulatedGraph.runs();
  }

  /** How often this process has waited for all that a GPU was to do. */
  public static long waits() {
    return WAITS.get();
  }

  @Override
  public Recording record(MemorySegment stream, Runnable calls) {
    EmulatedGraph graph = EmulatedGraph.begin(cuda, stream);
    capturing = Optional.of(graph);
    try {
      calls.run();
      graph.end();
      return graph;
    } catch (RuntimeException | Error e) {
      graph.abandon();
      throw e;
    } finally {
      capturing = Optional.empty();
    }
  }
}
