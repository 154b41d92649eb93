// TransposedRange: a matrix of a checkpoint as if its transpose had been stored.
package dev.gatun.weights;

import dev.gatun.device.DType;
import dev.gatun.device.Queue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * The bytes of (cols, rows) elements in {@code to}. Any read reads the whole matrix, so it suits
 * small ones.
 *
 * @param source (rows, cols) in {@code from}
 * @param to {@code from}, or F32 where that has blocks
 * @param offset of the first byte within the transpose
 */
record TransposedRange(
    ByteRange source, DType from, DType to, int rows, int cols, long offset, long bytes)
    implements ByteRange {

  TransposedRange(ByteRange source, DType from, DType to, int rows, int cols) {
    this(source, from, to, rows, cols, 0, to.bytes((long) rows * cols));
  }

  @Override
  public ByteRange slice(long at, long count) {
    Objects.checkFromIndexSize(at, count, bytes);
    return new TransposedRange(source, from, to, rows, cols, offset + at, count);
  }

  @Override
  public ByteRange named(String name) {
    return new TransposedRange(source.named(name), from, to, rows, cols, offset, bytes);
  }

  /** The work is done where the reading is awaited. */
  @Override
  public Reading begin(long at, MemorySegment into) {
    Objects.checkFromIndexSize(at, into.byteSize(), bytes);
    Arena arena = Arena.ofShared();
    MemorySegment stored = arena.allocate(source.bytes(), Long.BYTES);
    Reading reading = source.begin(0, stored);
    return () -> {
      try (arena) {
        reading.await();
        MemorySegment all = arena.allocate(to.bytes((long) rows * cols), Long.BYTES);
        transpose(elements(stored, arena), all);
        MemorySegment.copy(all, offset + at, into, 0, into.byteSize());
      }
    };
  }

  private MemorySegment elements(MemorySegment stored, Arena arena) {
    if (from == to) {
      return stored;
    }
    MemorySegment floats = arena.allocate(to.bytes((long) rows * cols), Long.BYTES);
    Queue.dequantize(from, stored, floats);
    return floats;
  }

  private void transpose(MemorySegment elements, MemorySegment into) {
    for (int row = 0; row < rows; row++) {
      for (int col = 0; col < cols; col++) {
        move(elements, (long) row * cols + col, into, (long) col * rows + row);
      }
    }
  }

  private void move(MemorySegment elements, long at, MemorySegment into, long target) {
    switch (to.blockBytes()) {
      case Integer.BYTES ->
          into.setAtIndex(
              ValueLayout.JAVA_INT, target, elements.getAtIndex(ValueLayout.JAVA_INT, at));
      case Short.BYTES ->
          into.setAtIndex(
              ValueLayout.JAVA_SHORT, target, elements.getAtIndex(ValueLayout.JAVA_SHORT, at));
      default -> into.set(ValueLayout.JAVA_BYTE, target, elements.get(ValueLayout.JAVA_BYTE, at));
    }
  }
}
