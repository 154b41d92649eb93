// StridedRange: the same part of every line of a range, as if nothing lay between.
package dev.gatun.weights;

import dev.gatun.device.HostMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Where what lies between the parts is short it is read too and dropped, so that a read of many
 * short parts is a few calls of the system and not one for each.
 *
 * @param source lines of {@code stride} bytes
 * @param from where the part begins in its line
 * @param width bytes of the part
 * @param start of the range among the bytes of all parts
 */
record StridedRange(ByteRange source, long stride, long from, long width, long start, long bytes)
    implements ByteRange {
  /** So many bytes more take about as long to read as another call. */
  private static final long WORTH_A_CALL = 16 << 10;

  /**
   * Bytes {@code from} to {@code from + width − 1} of each line; IndexOutOfBoundsException where
   * lines are shorter.
   *
   * @param lines that {@code source} has, all equally long
   */
  static ByteRange of(ByteRange source, long lines, long from, long width) {
    long stride = source.bytes() / lines;
    Objects.checkFromIndexSize(from, width, stride);
    return new StridedRange(source, stride, from, width, 0, lines * width);
  }

  @Override
  public ByteRange slice(long offset, long count) {
    Objects.checkFromIndexSize(offset, count, bytes);
    return new StridedRange(source, stride, from, width, start + offset, count);
  }

  @Override
  public ByteRange named(String name) {
    return new StridedRange(source.named(name), stride, from, width, start, bytes);
  }

  @Override
  public Reading begin(long offset, MemorySegment into) {
    Objects.checkFromIndexSize(offset, into.byteSize(), bytes);
    if (into.byteSize() == 0) {
      return Reading.DONE;
    }
    long first = start + offset;
    return stride - width < WORTH_A_CALL ? together(first, into) : apart(first, into);
  }

  /** Byte {@code index} of all parts, in the source. */
  private long position(long index) {
    return index / width * stride + from + index % width;
  }

  private interface Part {
    /** {@code count} bytes from {@code position} of the source on belong at {@code to}. */
    void at(long position, long to, long count);
  }

  private void eachPart(long first, long size, Part part) {
    for (long at = 0; at < size; ) {
      long count = Math.min(width - (first + at) % width, size - at);
      part.at(position(first + at), at, count);
      at += count;
    }
  }

  private Reading apart(long first, MemorySegment into) {
    List<Reading> readings = new ArrayList<>();
    eachPart(
        first,
        into.byteSize(),
        (position, to, count) -> readings.add(source.begin(position, into.asSlice(to, count))));
    return Reading.all(readings);
  }

  private Reading together(long first, MemorySegment into) {
    long begin = position(first);
    long end = position(first + into.byteSize() - 1) + 1;
    Arena arena = Arena.ofShared();
    MemorySegment all = HostMemory.allocate(end - begin, arena);
    Reading reading = source.begin(begin, all);
    return () -> {
      try (arena) {
        reading.await();
        eachPart(
            first,
            into.byteSize(),
            (position, to, count) -> MemorySegment.copy(all, position - begin, into, to, count));
      }
    };
  }
}
