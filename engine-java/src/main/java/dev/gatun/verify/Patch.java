// Patch: a packed file of which most is in another one.
package dev.gatun.verify;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The other file's name (a 16-bit count and UTF-8), then parts, each begun by a big-endian int32:
 * above 0 so many bytes of the other file, from the offset that follows as int32; below 0 so many
 * bytes that follow; 0 is the end.
 */
final class Patch {
  private Patch() {}

  /** Where the other file's bytes are. */
  interface Source {
    byte[] read(String name) throws IOException;
  }

  static void apply(InputStream patch, Source source, OutputStream target) throws IOException {
    DataInputStream in = new DataInputStream(patch);
    byte[] name = in.readNBytes(in.readUnsignedShort());
    byte[] other = source.read(new String(name, StandardCharsets.UTF_8));
    for (int count = in.readInt(); count != 0; count = in.readInt()) {
      if (count > 0) {
        int from = in.readInt();
        target.write(Arrays.copyOfRange(other, from, Math.addExact(from, count)));
      } else {
        target.write(in.readNBytes(-count));
      }
    }
  }
}
