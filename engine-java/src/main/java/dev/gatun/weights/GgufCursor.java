// GgufCursor: reads a GGUF header's scalars, strings and arrays in order, and never past its end.
package dev.gatun.weights;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Every length is compared with the bytes that are left before anything of that length is
 * allocated, so that memory is bounded by the header's real size. Layout: the GGUF specification
 * (ggml, docs/gguf.md), little-endian.
 */
final class GgufCursor {
  /** Real headers stay below 40 MiB, with a tokenizer of 262,144 tokens and its merges. */
  private static final long MAX_HEADER = 64L << 20;

  private static final int WINDOW = 1 << 20; // a read goes to another thread and back
  private static final int MAX_DEPTH = 4;

  private final ByteRange file;
  private final String source;
  private final long end;

  // The header passes through a window on the heap: 100,000 short strings are read much faster from
  // there, above all before the JIT has warmed up.
  private byte[] window = new byte[0];
  private long windowStart;
  private int next;

  GgufCursor(ByteRange file, String source) {
    this.file = file;
    this.source = source;
    this.end = Math.min(file.bytes(), MAX_HEADER);
  }

  long position() {
    return windowStart + next;
  }

  /** Refuses unless {@code count} things of at least {@code least} bytes can still follow. */
  long checkedCount(long count, int least, String what) {
    long left = end - position();
    if (count < 0 || count > left / least) {
      throw Refusal.model(
          source
              + " announces "
              + Long.toUnsignedString(count)
              + " "
              + what
              + " at byte "
              + position()
              + " where "
              + left
              + " bytes are left"
              + (end < file.bytes() ? " of the largest header" : ""),
          "the file is truncated or damaged: download it again");
    }
    return count;
  }

  int u32() {
    return word(take(4));
  }

  long u64() {
    int at = take(8);
    return Integer.toUnsignedLong(word(at)) | (long) word(at + 4) << 32;
  }

  /** A text; bytes that are not UTF-8 become U+FFFD. */
  String string() {
    int length = (int) checkedCount(u64(), 1, "bytes of text");
    int at = take(length);
    return new String(window, at, length, StandardCharsets.UTF_8);
  }

  /** A key-value's value; Java types as {@link GgufFile} says. */
  Object value(int type) {
    return value(type, 0);
  }

  private Object value(int type, int depth) {
    return switch (type) {
      case 0 -> (long) Byte.toUnsignedInt(window[take(1)]);
      case 1 -> (long) window[take(1)];
      case 2 -> (long) Short.toUnsignedInt(buffer(2).getShort());
      case 3 -> (long) buffer(2).getShort();
      case 4 -> Integer.toUnsignedLong(u32());
      case 5 -> (long) u32();
      case 6 -> (double) Float.intBitsToFloat(u32());
      case 7 -> window[take(1)] != 0;
      case 8 -> string();
      case 9 -> array(depth + 1);
      case 10 -> unsigned(u64());
      case 11 -> u64();
      case 12 -> Double.longBitsToDouble(u64());
      default ->
          throw Refusal.model(
              source
                  + " has a value of unknown type "
                  + Integer.toUnsignedString(type)
                  + " before byte "
                  + position(),
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
        buffer(4 * values.length).asFloatBuffer().get(values);
        yield values;
      }
      case 8 -> strings(count);
      case 9 -> arrays(count, depth);
      case 10, 11 -> {
        long[] values = new long[length(count, 8)];
        buffer(8 * values.length).asLongBuffer().get(values);
        yield values;
      }
      case 12 -> {
        double[] values = new double[length(count, 8)];
        buffer(8 * values.length).asDoubleBuffer().get(values);
        yield values;
      }
      default -> value(type, depth); // refuses
    };
  }

  private int[] ints(int type, long count, int size) {
    int[] values = new int[length(count, size)];
    ByteBuffer elements = buffer(size * values.length);
    switch (type) {
      case 0, 7 -> Arrays.setAll(values, i -> Byte.toUnsignedInt(elements.get()));
      case 1 -> Arrays.setAll(values, i -> elements.get());
      case 2 -> Arrays.setAll(values, i -> Short.toUnsignedInt(elements.getShort()));
      case 3 -> Arrays.setAll(values, i -> elements.getShort());
      default -> elements.asIntBuffer().get(values);
    }
    return values;
  }

  private Utf8List strings(long count) {
    int length = length(count, 8);
    Utf8List.Builder values = new Utf8List.Builder(length);
    for (int i = 0; i < length; i++) {
      int bytes = (int) checkedCount(u64(), 1, "bytes of text");
      int at = take(bytes); // may bring another window
      values.add(window, at, bytes);
    }
    return values.build();
  }

  private List<Object> arrays(long count, int depth) {
    if (depth >= MAX_DEPTH) {
      throw Refusal.model(
          source + " nests arrays more than " + MAX_DEPTH + " deep before byte " + position(),
          "the file is damaged: download it again");
    }
    int length = length(count, 12); // 4 type, 8 count
    List<Object> values = new ArrayList<>(length);
    for (int i = 0; i < length; i++) {
      values.add(array(depth + 1));
    }
    return Collections.unmodifiableList(values);
  }

  private int length(long count, int least) {
    return (int) checkedCount(count, least, "array elements");
  }

  private ByteBuffer buffer(int bytes) {
    int at = take(bytes);
    return ByteBuffer.wrap(window, at, bytes).slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Consumes bytes; the index in {@code window} where they begin, valid until the next call. */
  private int take(int bytes) {
    if (bytes > window.length - next) {
      checkedCount(bytes, 1, "bytes");
      windowStart += next;
      next = 0;
      int size = (int) Math.min(Math.max(bytes, WINDOW), end - windowStart);
      window = new byte[size];
      file.read(windowStart, MemorySegment.ofArray(window));
    }
    int at = next;
    next += bytes;
    return at;
  }

  private int word(int at) {
    return (window[at] & 255)
        | (window[at + 1] & 255) << 8
        | (window[at + 2] & 255) << 16
        | window[at + 3] << 24;
  }

  private static Number unsigned(long bits) {
    if (bits >= 0) {
      return bits;
    }
    return new BigInteger(Long.toUnsignedString(bits));
  }
}
