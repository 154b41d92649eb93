// PeerAccess: whether a GPU copies from another's memory by itself, tried with real bytes.
package dev.gatun.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The driver's answer alone is not enough: behind some bridges and IOMMUs it promises copies that
 * bring other bytes.
 */
final class PeerAccess {
  private static final int BYTES = 1 << 16;

  private PeerAccess() {}

  /** Lets {@code reader} copy from {@code owner}'s memory, for as long as the process lives. */
  static boolean open(CudaRuntime runtime, int reader, int owner) {
    return reader == owner || runtime.reach(reader, owner) && brings(runtime, reader, owner);
  }

  private static boolean brings(CudaRuntime runtime, int reader, int owner) {
    byte[] sent = new byte[BYTES];
    for (int i = 0; i < BYTES; i++) {
      sent[i] = (byte) (i * 31 + i / 251 + reader);
    }
    GpuRuntime of = new GpuRuntime(runtime, owner);
    GpuRuntime to = new GpuRuntime(runtime, reader);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(BYTES);
      MemorySegment theirs = memory(of, arena);
      MemorySegment own = memory(to, arena);
      MemorySegment.copy(sent, 0, host, ValueLayout.JAVA_BYTE, 0, BYTES);
      copy(of, host, theirs);
      host.fill((byte) 0);
      copy(to, host, own);
      copy(to, theirs, own);
      copy(to, own, host);
      return host.mismatch(MemorySegment.ofArray(sent)) < 0;
    }
  }

  private static MemorySegment memory(GpuRuntime gpu, Arena arena) {
    return new GpuMemory(gpu, gpu.runtime().describe(gpu.gpu()), "cuda:" + gpu.gpu())
        .allocate("trying copies between GPUs", BYTES, arena)
        .segment();
  }

  private static void copy(GpuRuntime gpu, MemorySegment from, MemorySegment to) {
    MemorySegment stream = gpu.here().openStream();
    try {
      gpu.here().copy(from, to, BYTES, stream);
      gpu.here().sync(stream);
    } finally {
      gpu.giveBack(cuda -> cuda.closeStream(stream));
    }
  }
}
