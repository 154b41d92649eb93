// ReadAhead: reads the pieces of a checkpoint in order, some of them before they are wanted.
package dev.gatun.weights;

import dev.gatun.device.Buffer;
import dev.gatun.device.HostMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Pieces are read by several threads into one ring of memory, and used one after the other by the
 * thread that called, while those after them are read. So there is never more than the ring of what
 * has been read and not been used. Used by one thread.
 */
final class ReadAhead implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final MemorySegment ring;
  private final Deque<Begun> begun = new ArrayDeque<>();
  private long head;
  private long taken;

  /**
   * What is read at once.
   *
   * @param bytes of the ring that it takes
   * @param read starts to read into memory of so many bytes
   * @param use what becomes of them once they are there; they are lost when it returns
   */
  record Piece(long bytes, Function<MemorySegment, Reading> read, Consumer<MemorySegment> use) {

    /** Takes nothing of the ring: {@code use} has what it needs. */
    static Piece of(Runnable use) {
      return new Piece(0, none -> Reading.DONE, none -> use.run());
    }

    /** All of a range at once. */
    static Piece of(ByteRange range, Consumer<MemorySegment> use) {
      return new Piece(range.bytes(), memory -> range.begin(0, memory), use);
    }
  }

  /** A piece that is being read; {@code taken} of the ring, with what was left over at its end. */
  private record Begun(Piece piece, MemorySegment memory, long taken, Reading reading) {}

  private ReadAhead(long bytes) {
    ring = HostMemory.allocate(bytes, arena);
  }

  /**
   * Reads and uses all pieces.
   *
   * @param bytes of the ring; it becomes larger where not two of the largest piece fit
   */
  static void run(List<Piece> pieces, long bytes) {
    long largest =
        pieces.stream().mapToLong(piece -> Buffer.aligned(piece.bytes())).max().orElse(0);
    try (ReadAhead ahead = new ReadAhead(Math.max(bytes, 2 * largest))) {
      for (Piece piece : pieces) {
        while (!ahead.hasBegun(piece)) {
          ahead.useFirst();
        }
      }
      while (!ahead.begun.isEmpty()) {
        ahead.useFirst();
      }
    }
  }

  /** False where the ring has no room for it. */
  private boolean hasBegun(Piece piece) {
    long wanted = Buffer.aligned(piece.bytes());
    boolean wraps = head + wanted > ring.byteSize();
    long skipped = wraps ? ring.byteSize() - head : 0;
    if (taken + skipped + wanted > ring.byteSize()) {
      return false;
    }
    long at = wraps ? 0 : head;
    MemorySegment memory = ring.asSlice(at, piece.bytes());
    begun.add(new Begun(piece, memory, skipped + wanted, piece.read().apply(memory)));
    taken += skipped + wanted;
    head = at + wanted;
    return true;
  }

  private void useFirst() {
    Begun first = begun.remove();
    first.reading.await();
    first.piece.use().accept(first.memory);
    taken -= first.taken;
    if (begun.isEmpty()) {
      head = 0;
    }
  }

  /** Waits for what is still being read, which nobody will use. */
  @Override
  public void close() {
    for (Begun each : begun) {
      try {
        each.reading.await();
      } catch (RuntimeException e) {
        // The first failure ended the load and is told.
      }
    }
    arena.close();
  }
}
