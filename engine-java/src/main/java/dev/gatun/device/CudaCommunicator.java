// CudaCommunicator: NCCL on a stream of its own.
package dev.gatun.device;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.stream.LongStream;

final class CudaCommunicator implements Communicator {
  private final GpuRuntime runtime;
  private final Nccl nccl;
  private final MemorySegment stream;

  private CudaCommunicator(GpuRuntime runtime, Nccl nccl, MemorySegment stream) {
    this.runtime = runtime;
    this.nccl = nccl;
    this.stream = stream;
  }

  /**
   * Waits for all ranks, and tries that their bytes come. What NCCL takes of the device's memory it
   * takes when it is used first, which is here.
   */
  static CudaCommunicator open(GpuRuntime runtime, byte[] id, int rank, int size) {
    MemorySegment stream = runtime.here().openStream();
    try {
      CudaCommunicator opened =
          new CudaCommunicator(runtime, runtime.here().openNccl(id, rank, size), stream);
      opened.tryAll(
          rank, Parts.endingAt(LongStream.rangeClosed(1, size).map(i -> 8 * i).toArray()));
      opened.tryAll(
          rank, Parts.endingAt(LongStream.rangeClosed(1, size).map(i -> 8 * i * i).toArray()));
      return opened;
    } catch (RuntimeException | Error e) {
      // NCCL stays as it is: to close it might wait for ranks that do not come. All ranks end.
      runtime.giveBack(cuda -> cuda.closeStream(stream));
      throw e;
    }
  }

  private void tryAll(int rank, Parts parts) {
    long bytes = parts.bytes();
    CudaRuntime cuda = runtime.here();
    MemorySegment memory = cuda.allocate(bytes);
    if (memory.address() == 0) {
      throw Refusal.doesNotFit("the GPU has no room for " + bytes + " bytes", Library.SMALLER);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(bytes);
      for (int each = 0; each < parts.count(); each++) {
        part(host, parts, each).fill(each == rank ? value(each) : 0);
      }
      MemorySegment sized = memory.reinterpret(bytes);
      cuda.copy(host, sized, bytes, stream);
      exchange(sized, parts);
      cuda.copy(sized, host, bytes, stream);
      cuda.sync(stream);
      for (int each = 0; each < parts.count(); each++) {
        byte expected = value(each);
        for (byte found : part(host, parts, each).toArray(ValueLayout.JAVA_BYTE)) {
          requireSame(each, expected, found);
        }
      }
    } finally {
      runtime.giveBack(giving -> giving.free(memory, bytes));
    }
  }

  private static void requireSame(int rank, byte expected, byte found) {
    if (found != expected) {
      throw Refusal.device(
          "NCCL brought other bytes from rank " + rank + " than were sent",
          "use --exchange host, and see NCCL's own words with NCCL_DEBUG=INFO",
          null);
    }
  }

  private static byte value(int rank) {
    return (byte) (rank % 255 + 1);
  }

  private static MemorySegment part(MemorySegment all, Parts parts, int rank) {
    return all.asSlice(parts.begin(rank), parts.bytes(rank));
  }

  @Override
  public void after(Mark mark) {
    CudaMark.order(mark, runtime, stream);
  }

  @Override
  public void exchange(MemorySegment memory, Parts parts) {
    if (parts.bytes() > memory.byteSize()) {
      throw new IllegalArgumentException(
          "parts of " + parts.bytes() + " bytes in memory of " + memory.byteSize());
    }
    runtime.here();
    nccl.exchange(memory, parts, stream);
  }

  @Override
  public Mark mark(Arena arena) {
    return CudaMark.of(runtime, stream, arena);
  }

  @Override
  public Optional<String> failure() {
    return nccl.failure();
  }

  @Override
  public void close() {
    runtime.giveBack(
        cuda -> {
          nccl.close();
          cuda.closeStream(stream);
        });
  }
}
