// SafetensorsWriter: makes small safetensors files for tests.
package dev.gatun.weights;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.StringJoiner;

/** Tensors lie one after another, in the order they are given. */
public final class SafetensorsWriter {
  private final StringJoiner header = new StringJoiner(",", "{", "}");
  private final ByteArrayOutputStream data = new ByteArrayOutputStream();

  /** A tensor of a safetensors type name such as {@code BF16}. */
  public SafetensorsWriter tensor(String name, String dtype, byte[] content, long... shape) {
    int begin = data.size();
    data.writeBytes(content);
    return entry(
        String.format(
            Locale.ROOT,
            "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}",
            name,
            dtype,
            Arrays.toString(shape),
            begin,
            data.size()));
  }

  /** A tensor of counted-up bytes. */
  public SafetensorsWriter tensor(String name, String dtype, long... shape) {
    int size = dtype.endsWith("16") ? 2 : dtype.endsWith("32") ? 4 : 1;
    return tensor(name, dtype, GgufWriter.counting((int) Shapes.count(shape) * size), shape);
  }

  /** An entry of the header as it stands, without data. */
  public SafetensorsWriter entry(String json) {
    header.add(json);
    return this;
  }

  public byte[] bytes() {
    return file(header.toString(), data.toByteArray());
  }

  public Path write(Path path) throws IOException {
    return Files.write(path, bytes());
  }

  /**
   * A file of any header text, padded with spaces to whole words as the format's own writer does.
   */
  public static byte[] file(String header, byte[] data) {
    byte[] utf8 = header.getBytes(StandardCharsets.UTF_8);
    byte[] padded = Arrays.copyOf(utf8, (utf8.length + 7) / 8 * 8);
    Arrays.fill(padded, utf8.length, padded.length, (byte) ' ');
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(GgufWriter.bytes(8, b -> b.putLong(padded.length)));
    out.writeBytes(padded);
    out.writeBytes(data);
    return out.toByteArray();
  }
}
