// GgufWriter: makes small GGUF files for tests.
package dev.gatun.weights;

import dev.gatun.device.DType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Writes what it is told, valid or not; {@link #raw} and {@link #rawTensor} leave the beaten track.
 */
public final class GgufWriter {
  private record Entry(String name, int type, long[] shape, long offset) {}

  private final Map<String, byte[]> values = new LinkedHashMap<>();
  private final List<Entry> entries = new ArrayList<>();
  private final ByteArrayOutputStream data = new ByteArrayOutputStream();
  private int version = 3;
  private int alignment = 32;

  public GgufWriter version(int version) {
    this.version = version;
    return this;
  }

  /** Also written as general.alignment. */
  public GgufWriter alignment(int alignment) {
    this.alignment = alignment;
    return put("general.alignment", alignment);
  }

  public GgufWriter put(String key, String text) {
    return raw(key, 8, text(text));
  }

  /** As u32, the usual type of counts. */
  public GgufWriter put(String key, int number) {
    return raw(key, 4, bytes(4, b -> b.putInt(number)));
  }

  public GgufWriter put(String key, float number) {
    return raw(key, 6, bytes(4, b -> b.putFloat(number)));
  }

  public GgufWriter put(String key, boolean flag) {
    return raw(key, 7, new byte[] {(byte) (flag ? 1 : 0)});
  }

  public GgufWriter put(String key, List<String> texts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(bytes(12, b -> b.putInt(8).putLong(texts.size())));
    texts.forEach(text -> out.writeBytes(text(text)));
    return raw(key, 9, out.toByteArray());
  }

  /** As an array of i32. */
  public GgufWriter put(String key, int[] numbers) {
    return raw(
        key,
        9,
        bytes(
            12 + 4 * numbers.length,
            b -> {
              b.putInt(5).putLong(numbers.length);
              b.asIntBuffer().put(numbers);
            }));
  }

  /** A value of any type id, given as its bytes. */
  public GgufWriter raw(String key, int type, byte[] value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(bytes(4, b -> b.putInt(type)));
    out.writeBytes(value);
    values.put(key, out.toByteArray());
    return this;
  }

  /**
   * A tensor at the next aligned place; {@code shape} is outermost first and written the other way
   * round.
   */
  public GgufWriter tensor(String name, DType dtype, byte[] content, long... shape) {
    pad(data, alignment);
    entries.add(new Entry(name, dtype.id(), shape, data.size()));
    data.writeBytes(content);
    return this;
  }

  /** A tensor of counted-up bytes. */
  public GgufWriter tensor(String name, DType dtype, long... shape) {
    return tensor(name, dtype, counting((int) dtype.bytes(Shapes.count(shape))), shape);
  }

  /** An entry alone, without data. */
  public GgufWriter rawTensor(String name, int type, long offset, long... shape) {
    entries.add(new Entry(name, type, shape, offset));
    return this;
  }

  public byte[] bytes() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(
        bytes(20, b -> b.putInt(version).putLong(entries.size()).putLong(values.size())));
    values.forEach(
        (key, value) -> {
          out.writeBytes(text(key));
          out.writeBytes(value);
        });
    for (Entry e : entries) {
      out.writeBytes(text(e.name()));
      int axes = e.shape().length;
      out.writeBytes(
          bytes(
              16 + 8 * axes,
              b -> {
                b.putInt(axes);
                for (int axis = axes - 1; axis >= 0; axis--) {
                  b.putLong(e.shape()[axis]);
                }
                b.putInt(e.type()).putLong(e.offset());
              }));
    }
    pad(out, alignment);
    out.writeBytes(data.toByteArray());
    return out.toByteArray();
  }

  public Path write(Path path) throws IOException {
    return Files.write(path, bytes());
  }

  /** Bytes 0, 1, 2, …, so that every place in a tensor can be told. */
  public static byte[] counting(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i % 251);
    }
    return bytes;
  }

  static byte[] text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return bytes(8 + utf8.length, b -> b.putLong(utf8.length).put(utf8));
  }

  static byte[] bytes(int size, Consumer<ByteBuffer> fill) {
    ByteBuffer buffer = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    fill.accept(buffer);
    return buffer.array();
  }

  private static void pad(ByteArrayOutputStream out, int alignment) {
    while (out.size() % alignment != 0) {
      out.write(0);
    }
  }
}
