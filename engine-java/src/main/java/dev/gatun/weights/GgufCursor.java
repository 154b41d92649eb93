// GgufCursor: reads a GGUF header's scalars, strings and arrays in order, and never past its end.
package dev.gatun.weights;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Every length is compared with the bytes that are left before anything of that length is allocated, so that memory is bounded
 * by the header's real size. Layout: the GGUF specification (ggml, docs/gguf.md), little-endian.
 */
final class GgufCursor {
  /** Real headers stay below 40 MiB, with a tokenizer of 262,144 tokens and its merges. */
  private static final long MAX_HEADER = 64L << 20;

  private static final int MAX_DEPTH = 4;
  private static final ValueLayout.OfShort SHORT = little(ValueLayout.JAVA_SHORT_UNALIGNED);
  private static final ValueLayout.OfInt INT = little(ValueLayout.JAVA_INT_UNALIGNED);
  private static final ValueLayout.OfLong LONG = little(ValueLayout.JAVA_LONG_UNALIGNED);
  private static final ValueLayout.OfFloat FLOAT = little(ValueLayout.JAVA_FLOAT_UNALIGNED);
  private static final ValueLayout.OfDouble DOUBLE = little(ValueLayout.JAVA_DOUBLE_UNALIGNED);

  private final MemorySegment file;
  private final String source;
  private final long end;
  private byte[] scratch = new byte[256];
  private long position;

  GgufCursor(MemorySegment file, String source) {
    this.file = file;
    this.source = source;
    this.end = Math.min(file.byteSize(), MAX_HEADER);
  }

  long position() {
    return position;
  }

  /** Refuses unless {@code count} things of at least {@code least} bytes can still follow. */
  long checkedCount(long count, int least, String what) {
    if (count < 0 || count > (end - position) / least) {
      throw Refusal.model(
          source + " announces " + Long.toUnsignedString(count) + " " + what + " at byte " + position + " where "
              + (end - position) + " bytes are left" + (end < file.byteSize() ? " of the largest header" : ""),
          "the file is truncated or damaged: download it again");
    }
    return count;
  }

  int u32() {
    return file.get(INT, advance(4));
  }

  long u64() {
    return file.get(LONG, advance(8));
  }

  /** A text; bytes that are not UTF-8 become U+FFFD. */
  String string() {
    int length = (int) checkedCount(u64(), 1, "bytes of text");
    if (length > scratch.length) {
      scratch = new byte[Math.max(length, 2 * scratch.length)];
    }
    MemorySegment.copy(file, JAVA_BYTE, advance(length), scratch, 0, length);
    return new String(scratch, 0, length, StandardCharsets.UTF_8);
  }

  /** A key-value's value; Java types as {@link GgufFile} says. */
  Object value(int type) {
    return value(type, 0);
  }

  private Object value(int type, int depth) {
    return switch (type) {
      case 0 -> (long) Byte.toUnsignedInt(file.get(JAVA_BYTE, advance(1)));
      case 1 -> (long) file.get(JAVA_BYTE, advance(1));
      case 2 -> (long) Short.toUnsignedInt(file.get(SHORT, advance(2)));
      case 3 -> (long) file.get(SHORT, advance(2));
      case 4 -> Integer.toUnsignedLong(u32());
      case 5 -> (long) u32();
      case 6 -> (double) file.get(FLOAT, advance(4));
      case 7 -> file.get(JAVA_BYTE, advance(1)) != 0;
      case 8 -> string();
      case 9 -> array(depth + 1);
      case 10 -> unsigned(u64());
      case 11 -> u64();
      case 12 -> file.get(DOUBLE, advance(8));
      default ->
          throw Refusal.model(
              source + " has a value of unknown type " + Integer.toUnsignedString(type) + " before byte " + position,
              "the file is damaged or newer than this program: download it again");
    };
  }

  private Object array(int depth) {
    int type = u32();
    long count = u64();
    return switch (type) {
      case 0, 1, 7 -> ints(type, count, 1);
      case 2, 3 -> ints(type, count, 2);
      case 4, 5 -> ints(type, count, 4);
      case 6 -> {
        float[] values = new float[length(count, 4)];
        MemorySegment.copy(file, FLOAT, advance(4L * values.length), values, 0, values.length);
        yield values;
      }
      case 8 -> strings(count);
      case 9 -> arrays(count, depth);
      case 10, 11 -> {
        long[] values = new long[length(count, 8)];
        MemorySegment.copy(file, LONG, advance(8L * values.length), values, 0, values.length);
        yield values;
      }
      case 12 -> {
        double[] values = new double[length(count, 8)];
        MemorySegment.copy(file, DOUBLE, advance(8L * values.length), values, 0, values.length);
        yield values;
      }
      default -> value(type, depth); // refuses
    };
  }

  private int[] ints(int type, long count, int size) {
    int[] values = new int[length(count, size)];
    long at = advance((long) size * values.length);
    switch (type) {
      case 0, 7 -> Arrays.setAll(values, i -> Byte.toUnsignedInt(file.get(JAVA_BYTE, at + i)));
      case 1 -> Arrays.setAll(values, i -> file.get(JAVA_BYTE, at + i));
      case 2 -> Arrays.setAll(values, i -> Short.toUnsignedInt(file.get(SHORT, at + 2L * i)));
      case 3 -> Arrays.setAll(values, i -> file.get(SHORT, at + 2L * i));
      default -> MemorySegment.copy(file, INT, at, values, 0, values.length);
    }
    return values;
  }

  private List<String> strings(long count) {
    String[] values = new String[length(count, 8)];
    for (int i = 0; i < values.length; i++) {
      values[i] = string();
    }
    return Collections.unmodifiableList(Arrays.asList(values));
  }

  private List<Object> arrays(long count, int depth) {
    if (depth >= MAX_DEPTH) {
      throw Refusal.model(
          source + " nests arrays more than " + MAX_DEPTH + " deep before byte " + position,
          "the file is damaged: download it again");
    }
    int length = length(count, 12);
    List<Object> values = new ArrayList<>(length);
    for (int i = 0; i < length; i++) {
      values.add(array(depth + 1));
    }
    return Collections.unmodifiableList(values);
  }

  private int length(long count, int least) {
    return (int) checkedCount(count, least, "array elements");
  }

  private long advance(long bytes) {
    checkedCount(bytes, 1, "bytes");
    long at = position;
    position += bytes;
    return at;
  }

  private static Number unsigned(long bits) {
    if (bits >= 0) {
      return bits;
    }
    return new BigInteger(Long.toUnsignedString(bits));
  }

  @SuppressWarnings("unchecked") // withOrder keeps the type
  private static <L extends ValueLayout> L little(L layout) {
    return (L) layout.withOrder(ByteOrder.LITTLE_ENDIAN);
  }
}
