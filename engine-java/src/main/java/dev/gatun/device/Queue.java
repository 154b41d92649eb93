// Queue: the contract's queue and its functions that are no op of a graph.
package dev.gatun.device;

import static dev.gatun.device.Library.check;

import dev.gatun.bindings.Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Owns a {@code gk_queue}; belongs to a {@link Device}. Used by one thread at a time. */
public final class Queue implements AutoCloseable {
  private final MemorySegment handle;

  private Queue(MemorySegment handle) {
    this.handle = handle;
  }

  static Queue cpu(int threads, Isa isa) {
    return open("gk_queue_cpu", out -> Kernels.gk_queue_cpu(threads, isa.id(), out));
  }

  static Queue cuda(int device, MemorySegment stream) {
    return open("gk_queue_cuda", out -> Kernels.gk_queue_cuda(device, stream, out));
  }

  private interface Result {
    int writeTo(MemorySegment out);
  }

  private static Queue open(String function, Result call) {
    Library.require();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
      check(call.writeTo(out), function);
      return new Queue(out.get(ValueLayout.ADDRESS, 0));
    }
  }

  private static long number(String function, Result call) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      check(call.writeTo(out), function);
      return out.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  MemorySegment handle() {
    return handle;
  }

  /** Bytes {@link #pack} writes for a {@code gk_source}. */
  public long packedBytes(MemorySegment source) {
    return number("gk_packed_bytes", out -> Kernels.gk_packed_bytes(handle, source, out));
  }

  /** Repacks a {@code gk_source}, which lies in host memory, into the device's layout. */
  public void pack(MemorySegment source, Buffer destination) {
    check(Kernels.gk_pack(handle, source, destination.segment()), "gk_pack");
  }

  /** Writes the weights of consecutive blocks in host memory as float32, on the calling thread. */
  public static void dequantize(DType dtype, MemorySegment blocks, MemorySegment floats) {
    try (Queue queue = cpu(1, Isa.BEST)) {
      long count = floats.byteSize() / Float.BYTES;
      check(
          Kernels.gk_dequantize(queue.handle, dtype.id(), blocks, count, floats), "gk_dequantize");
    }
  }

  /** Bytes of one cache page of one layer. */
  public long cachePageBytes(int kvHeads, int headDim, int latent, DType keys, DType values) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cache =
          Structs.cache(arena, Buffer.NONE, 0, kvHeads, headDim, latent, keys, values);
      return number("gk_cache_page_bytes", out -> Kernels.gk_cache_page_bytes(handle, cache, out));
    }
  }

  /** Bytes of workspace for steps up to {@code limits}. */
  public long workspaceBytes(StepLimits limits) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment struct = limits.struct(arena);
      return number("gk_workspace_bytes", out -> Kernels.gk_workspace_bytes(handle, struct, out));
    }
  }

  void workspace(Buffer memory) {
    check(Kernels.gk_workspace(handle, memory.segment(), memory.bytes()), "gk_workspace");
  }

  String kernel(PackedMatrix weight, DType dtype, int rows) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = Structs.tensor(arena, Buffer.NONE, rows, weight.cols(), dtype);
      MemorySegment name = arena.allocate(ValueLayout.ADDRESS);
      check(Kernels.gk_mat_mul_kernel(handle, weight.struct(), x, name), "gk_mat_mul_kernel");
      return name.get(ValueLayout.ADDRESS, 0).reinterpret(256).getString(0);
    }
  }

  double measureRead(Buffer buffer, int repeats) {
    return Double.longBitsToDouble(
        number(
            "gk_measure_read",
            out ->
                Kernels.gk_measure_read(handle, buffer.segment(), buffer.bytes(), repeats, out)));
  }

  double measureInt8() {
    return Double.longBitsToDouble(
        number("gk_measure_int8", out -> Kernels.gk_measure_int8(handle, out)));
  }

  @Override
  public void close() {
    check(Kernels.gk_queue_free(handle), "gk_queue_free");
  }
}
