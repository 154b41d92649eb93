// StridedRangeTest: parts of lines read as one range.
package dev.gatun.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StridedRangeTest {
  @TempDir Path folder;

  /** Counts what is asked of another range. */
  private record Counted(ByteRange range, AtomicInteger reads, AtomicLong read)
      implements ByteRange {
    Counted(byte[] content) {
      this(ByteRange.of(MemorySegment.ofArray(content)), new AtomicInteger(), new AtomicLong());
    }

    @Override
    public long bytes() {
      return range.bytes();
    }

    @Override
    public ByteRange slice(long offset, long bytes) {
      return new Counted(range.slice(offset, bytes), reads, read);
    }

    @Override
    public ByteRange named(String name) {
      return this;
    }

    @Override
    public Reading begin(long offset, MemorySegment into) {
      reads.incrementAndGet();
      read.addAndGet(into.byteSize());
      return range.begin(offset, into);
    }
  }

  private static byte[] parts(byte[] content, int lines, int from, int width) {
    ByteArrayOutputStream parts = new ByteArrayOutputStream();
    int stride = content.length / lines;
    for (int line = 0; line < lines; line++) {
      parts.write(content, line * stride + from, width);
    }
    return parts.toByteArray();
  }

  /** Short lines with the part at their ends and in the middle; lines too long to read whole. */
  @ParameterizedTest
  @CsvSource({"7, 40, 0, 8", "7, 40, 12, 20", "7, 40, 32, 8", "5, 90001, 40000, 50001"})
  void readsThePartsAlone(int lines, int stride, int from, int width) throws IOException {
    byte[] content = GgufWriter.counting(lines * stride);
    byte[] expected = parts(content, lines, from, width);
    try (OpenFiles files = new OpenFiles()) {
      ByteRange file = files.open(Files.write(folder.resolve("x.gguf"), content));
      ByteRange range = StridedRange.of(file, lines, from, width);
      assertArrayEquals(expected, range.toArray());
      for (int begin = 0; begin < expected.length; begin += expected.length / 5) {
        for (int end = begin; end <= expected.length; end += expected.length / 5) {
          assertArrayEquals(
              Arrays.copyOfRange(expected, begin, end),
              range.slice(begin, end - begin).toArray(),
              begin + " to " + end);
        }
      }
      ByteRange part = range.slice(3, expected.length - 5).slice(1, expected.length - 7);
      byte[] some = new byte[width];
      part.read(2, MemorySegment.ofArray(some));
      assertArrayEquals(Arrays.copyOfRange(expected, 6, 6 + width), some);
      assertThrows(IndexOutOfBoundsException.class, () -> range.slice(1, expected.length));
      assertThrows(
          IndexOutOfBoundsException.class,
          () -> range.read(expected.length, MemorySegment.ofArray(new byte[1])));
    }
  }

  @Test
  void shortLinesAreReadTogetherAndLongOnesApart() {
    Counted narrow = new Counted(new byte[1000 * 64]);
    StridedRange.of(narrow, 1000, 16, 8).toArray();
    assertEquals(1, narrow.reads.get());
    Counted wide = new Counted(new byte[10 * 100_000]);
    StridedRange.of(wide, 10, 30_000, 20_000).toArray();
    assertEquals(10, wide.reads.get());
    assertEquals(10 * 20_000, wide.read.get());
  }

  @Test
  void aPartBeyondItsLineIsRefused() {
    ByteRange lines = ByteRange.of(MemorySegment.ofArray(new byte[40]));
    assertThrows(IndexOutOfBoundsException.class, () -> StridedRange.of(lines, 4, 4, 7));
  }

  @Test
  void aFileThatWasCutIsRefused() throws IOException {
    Path path = Files.write(folder.resolve("x.gguf"), new byte[4000]);
    try (OpenFiles files = new OpenFiles()) {
      ByteRange range = StridedRange.of(files.open(path), 10, 8, 8).named("tensor 't'");
      Files.write(path, new byte[2000]);
      Refusals.expect(range::toArray, "tensor 't'", "ends at 2000");
    }
  }
}
