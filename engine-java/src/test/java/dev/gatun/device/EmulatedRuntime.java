// EmulatedRuntime: a GPU played by the host, for libgatun.so with its CUDA kernels compiled as C++.
package dev.gatun.device;

import dev.gatun.bindings.Kernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Device memory is host memory, poisoned so that nothing relies on its first content; every call is
 * done when it returns, but copies from and to pinned memory are late: what comes from the device
 * is there once it was waited for, and what goes to it must not have changed until then. A
 * recording keeps calls with the arguments they had, as a CUDA graph does; allocating, waiting,
 * marking and copying pageable memory are refused meanwhile. It tells of a terabyte, of which
 * {@code -Dgatun.emulated.bytes} can be had, as if another process filled it. The environment says
 * what kernels' launches are shaped by: see kernels-cuda/emulation/machine.hpp.
 *
 * <p>Found as a service, so that the engine has none of it. Used by one thread at a time.
 */
public final class EmulatedRuntime implements CudaRuntime {
  private static final long TOTAL = 1L << 40;

  private static volatile long bytesToHost; // written by the thread of the one engine there is

  private final EmulatedCuda cuda = new EmulatedCuda();
  private final long limit = Long.getLong("gatun.emulated.bytes", TOTAL);
  private final NavigableMap<Long, Long> pinned = new TreeMap<>();
  private final NavigableMap<Long, Long> onDevice = new TreeMap<>();
  private Optional<EmulatedGraph> capturing = Optional.empty();
  private final Deque<Late> late = new ArrayDeque<>();
  private long used;
  private long issued;

  /**
   * A copy that is not waited for.
   *
   * @param number copies issued up to it
   * @param host its side in pinned memory
   */
  private record Late(long number, MemorySegment host, byte[] content, boolean toHost) {
    void complete() {
      if (toHost) {
        MemorySegment.copy(content, 0, host, ValueLayout.JAVA_BYTE, 0, content.length);
      } else if (MemorySegment.ofArray(content).mismatch(host) >= 0) {
        throw new IllegalStateException(
            "pinned memory changed while it was being copied to the device");
      }
    }
  }

  /** When it was passed, and the copies issued before. */
  private record Event(MemorySegment memory) {
    static final long BYTES = 2 * Long.BYTES;

    static Event at(MemorySegment address) {
      return new Event(address.reinterpret(BYTES));
    }

    long nanos() {
      return memory.getAtIndex(ValueLayout.JAVA_LONG, 0);
    }

    long copies() {
      return memory.getAtIndex(ValueLayout.JAVA_LONG, 1);
    }

    void set(long nanos, long copies) {
      memory.setAtIndex(ValueLayout.JAVA_LONG, 0, nanos);
      memory.setAtIndex(ValueLayout.JAVA_LONG, 1, copies);
    }
  }

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
      onDevice.put(memory.address(), bytes);
      memory.reinterpret(bytes).fill((byte) 0xFF);
    }
    return memory;
  }

  @Override
  public void free(MemorySegment memory, long bytes) {
    used -= bytes;
    onDevice.remove(memory.address());
    Kernels.gk_host_free(memory, bytes);
  }

  @Override
  public MemorySegment allocatePinned(long bytes) {
    refuseWhileCapturing("allocating pinned memory");
    MemorySegment memory = Library.hostMemory(bytes);
    if (memory.address() != 0) {
      pinned.put(memory.address(), bytes);
    }
    return memory;
  }

  @Override
  public MemorySegment onDevice(MemorySegment pinned) {
    return pinned;
  }

  @Override
  public void freePinned(MemorySegment memory, long bytes) {
    pinned.remove(memory.address());
    Kernels.gk_host_free(memory, bytes);
  }

  @Override
  public void copy(MemorySegment from, MemorySegment to, long bytes, MemorySegment stream) {
    if (capturing.isPresent() && (isPageable(from) || isPageable(to))) {
      refuseWhileCapturing("copying " + bytes + " bytes");
    }
    issue(() -> copyNow(from, to, bytes));
  }

  /** Does {@code call}, or notes it. */
  private void issue(Runnable call) {
    capturing.ifPresentOrElse(graph -> graph.note(call), call);
  }

  private void copyNow(MemorySegment from, MemorySegment to, long bytes) {
    MemorySegment source = from.reinterpret(bytes);
    MemorySegment target = to.reinterpret(bytes);
    if (isIn(pinned, source)) {
      completeInto(source); // copies of one stream are in order
    }
    issued++;
    if (isIn(pinned, target)) {
      bytesToHost += bytes;
      late.add(new Late(issued, target, source.toArray(ValueLayout.JAVA_BYTE), true));
      return;
    }
    if (isIn(pinned, source)) {
      late.add(new Late(issued, source, source.toArray(ValueLayout.JAVA_BYTE), false));
    }
    MemorySegment.copy(source, 0, target, 0, bytes);
  }

  private boolean isPageable(MemorySegment memory) {
    return !isIn(pinned, memory) && !isIn(onDevice, memory);
  }

  private static boolean isIn(NavigableMap<Long, Long> allocations, MemorySegment memory) {
    Map.Entry<Long, Long> at = allocations.floorEntry(memory.address());
    return at != null && memory.address() < at.getKey() + at.getValue();
  }

  /** Completes copies up to the last that writes to some of {@code host}. */
  private void completeInto(MemorySegment host) {
    late.stream()
        .filter(copy -> copy.toHost() && copy.host().asOverlappingSlice(host).isPresent())
        .mapToLong(Late::number)
        .max()
        .ifPresent(this::complete);
  }

  private void complete(long copies) {
    while (!late.isEmpty() && late.peek().number() <= copies) {
      late.poll().complete();
    }
  }

  @Override
  public void sync(MemorySegment stream) {
    cuda.sync(stream, "waiting for the GPU");
    complete(issued);
  }

  @Override
  public MemorySegment openEvent() {
    MemorySegment event = Library.hostMemory(Event.BYTES);
    Event.at(event).set(0, 0);
    return event;
  }

  @Override
  public void closeEvent(MemorySegment event) {
    Kernels.gk_host_free(event, Event.BYTES);
  }

  @Override
  public void mark(MemorySegment event, MemorySegment stream) {
    refuseWhileCapturing("marking a step"); // CUDA takes it, but it would never be passed
    Event.at(event).set(System.nanoTime(), issued);
  }

  @Override
  public void await(MemorySegment event) {
    refuseWhileCapturing("waiting for the GPU");
    complete(Event.at(event).copies());
  }

  @Override
  public long nanosBetween(MemorySegment from, MemorySegment to) {
    return Event.at(to).nanos() - Event.at(from).nanos();
  }

  @Override
  public Blas openBlas(MemorySegment stream) {
    return new EmulatedBlas(this::issue);
  }

  /** Bytes that were copied to the host in this process, so that tests know what was. */
  public static long bytesToHost() {
    return bytesToHost;
  }

  /** How often recordings were run in this process, so that tests know what they tested. */
  public static long recordingsRun() {
    return EmulatedGraph.runs();
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
