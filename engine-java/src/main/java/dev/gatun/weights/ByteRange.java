// ByteRange: bytes of a checkpoint, read at offsets.
package dev.gatun.weights;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A whole file, or the part that a tensor takes. Bytes are read into memory of the caller's, never
 * mapped, so that a file which becomes shorter meanwhile is a Refusal and no signal. Used by any
 * number of threads.
 */
public interface ByteRange {

  /** Their number, as it was when the checkpoint was opened. */
  long bytes();

  /** The {@code bytes} bytes from {@code offset} on; IndexOutOfBoundsException past the end. */
  ByteRange slice(long offset, long bytes);

  /** The same bytes under a name for messages: {@code tensor 'x' of 'model.gguf'}. */
  ByteRange named(String name);

  /**
   * Starts to fill {@code into} with the bytes from {@code offset} on, on other threads;
   * IndexOutOfBoundsException past the end.
   *
   * @param into of a shared arena, or on the heap; must live until {@link Reading#await} is over
   */
  Reading begin(long offset, MemorySegment into);

  /** As {@link #begin}, and waits. An interrupt of the caller does not end the read. */
  default void read(long offset, MemorySegment into) {
    begin(offset, into).await();
  }

  /** All of them; for what is small. */
  default byte[] toArray() {
    byte[] all = new byte[Math.toIntExact(bytes())];
    read(0, MemorySegment.ofArray(all));
    return all;
  }

  /** Bytes that lie in memory, of a shared arena or on the heap. */
  static ByteRange of(MemorySegment memory) {
    return new Memory(memory);
  }

  /** Copied rather than read. */
  record Memory(MemorySegment segment) implements ByteRange {
    @Override
    public long bytes() {
      return segment.byteSize();
    }

    @Override
    public ByteRange slice(long offset, long bytes) {
      return new Memory(segment.asSlice(offset, bytes));
    }

    @Override
    public ByteRange named(String name) {
      return this;
    }

    @Override
    public Reading begin(long offset, MemorySegment into) {
      Objects.checkFromIndexSize(offset, into.byteSize(), bytes());
      return Readers.start(() -> MemorySegment.copy(segment, offset, into, 0, into.byteSize()));
    }
  }
}
