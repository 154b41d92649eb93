// Device: one place where weights lie and ops run: its memory and its queue.
package dev.gatun.device;

import dev.gatun.bindings.Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A CPU device. Its memory belongs to arenas; its queue runs each op to the end before it returns.
 */
public final class Device implements AutoCloseable {
  private final MemorySegment queue;
  private final int threads;
  private final Isa isa;
  private final Ops ops;

  private Device(MemorySegment queue, int threads, Isa isa) {
    this.queue = queue;
    this.threads = threads;
    this.isa = isa;
    this.ops = new Ops(queue);
  }

  /**
   * Starts the CPU back end on {@code threads} threads; Refusal.device if the machine lacks {@code
   * isa}.
   */
  public static Device cpu(int threads, Isa isa) {
    Library.require();
    try (Arena arena = Arena.ofConfined()) {
      Isa chosen = isa == Isa.BEST ? bestIsa() : isa;
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      Library.check(Kernels.gk_queue_cpu(threads, chosen.id(), out), "gk_queue_cpu");
      return new Device(out.get(ValueLayout.ADDRESS, 0), threads, chosen);
    }
  }

  /** The widest instruction set of this machine and this build. */
  public static Isa bestIsa() {
    Library.require();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
      Library.check(Kernels.gk_cpu_best_isa(out), "gk_cpu_best_isa");
      return Isa.of(out.get(ValueLayout.JAVA_INT, 0));
    }
  }

  /** Why this build has no GPU: the library's own words. */
  public static String whyNoGpu() {
    Library.require();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      int status = Kernels.gk_queue_cuda(0, MemorySegment.NULL, out);
      if (status == Kernels.GK_OK()) {
        Kernels.gk_queue_free(out.get(ValueLayout.ADDRESS, 0));
        return "";
      }
      return Kernels.gk_last_error().reinterpret(4096).getString(0);
    }
  }

  public String name() {
    return "cpu (" + threads + (threads == 1 ? " thread, " : " threads, ") + isa + ")";
  }

  public int threads() {
    return threads;
  }

  public Isa isa() {
    return isa;
  }

  public Ops ops() {
    return ops;
  }

  /**
   * Memory of {@code bytes} bytes that lives as long as {@code arena}; not initialised.
   * Refusal.doesNotFit where the system has none left.
   */
  public MemorySegment allocate(long bytes, Arena arena) {
    return HostMemory.allocate(bytes, arena);
  }

  /** Bytes {@link #pack} writes for a {@code gk_source}. */
  public long packedBytes(MemorySegment source) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      Library.check(Kernels.gk_packed_bytes(queue, source, out), "gk_packed_bytes");
      return out.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  /** Repacks a {@code gk_source} into the device's layout. */
  public void pack(MemorySegment source, MemorySegment destination) {
    Library.check(Kernels.gk_pack(queue, source, destination), "gk_pack");
  }

  /** Dequantises {@code count} weights of consecutive blocks to floats. */
  public void dequantize(DType dtype, MemorySegment source, long count, MemorySegment floats) {
    Library.check(Kernels.gk_dequantize(queue, dtype.id(), source, count, floats), "gk_dequantize");
  }

  /** Bytes of one cache page of one layer. */
  public long cachePageBytes(int kvHeads, int headDim, DType keys, DType values) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cache =
          Structs.cache(arena, MemorySegment.NULL, 0, kvHeads, headDim, keys, values);
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      Library.check(Kernels.gk_cache_page_bytes(queue, cache, out), "gk_cache_page_bytes");
      return out.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  /** Bytes a second at which all threads read {@code bytes}, best of {@code repeats}. */
  public double measureRead(MemorySegment bytes, int repeats) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_DOUBLE);
      Library.check(
          Kernels.gk_measure_read(queue, bytes, bytes.byteSize(), repeats, out), "gk_measure_read");
      return out.get(ValueLayout.JAVA_DOUBLE, 0);
    }
  }

  /** Tokens in one cache page. */
  public static int pageTokens() {
    return Kernels.GK_PAGE_TOKENS();
  }

  @Override
  public void close() {
    Library.check(Kernels.gk_queue_free(queue), "gk_queue_free");
  }
}
