// Npy: writes a matrix of floats as NumPy's .npy, version 1.0; the file appears when it is whole.
package dev.gatun.cli;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/**
 * Layout (source: numpy/lib/format.py): magic {@code \x93NUMPY}, version 1.0, little-endian uint16
 * length of the header, the header as a Python dict padded with blanks so that data starts at a
 * multiple of 64, then (rows, columns) float32 in C order. Rows are appended to a file beside the
 * target, which is renamed over it at {@link #finish}.
 */
final class Npy implements AutoCloseable {
  private static final int ALIGNMENT = 64;
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};

  private final Path target;
  private final Path part;
  private final FileChannel channel;
  private final long length;

  /**
   * Starts a (rows, columns) file; Refusal where it cannot be written, before anything is computed
   * for it.
   */
  Npy(Path target, int rows, int columns) {
    if (Files.isDirectory(target) || target.getFileName() == null) {
      throw Refusal.usage("'" + target + "' is a folder", "name a file");
    }
    this.target = target;
    this.part = target.resolveSibling(target.getFileName() + ".part");
    byte[] header = header(rows, columns);
    this.length = header.length + (long) rows * columns * Float.BYTES;
    try {
      channel =
          FileChannel.open(
              part,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              StandardOpenOption.TRUNCATE_EXISTING);
      part.toFile().deleteOnExit(); // an interrupt leaves nothing half-written behind
    } catch (IOException e) {
      throw failed(e);
    }
    write(ByteBuffer.wrap(header));
  }

  private static byte[] header(int rows, int columns) {
    String dict =
        String.format(
            Locale.ROOT,
            "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }",
            rows,
            columns);
    int unpadded = MAGIC.length + Short.BYTES + dict.length() + 1;
    String text = dict + " ".repeat(-unpadded & (ALIGNMENT - 1)) + "\n";
    byte[] header = new byte[MAGIC.length + Short.BYTES + text.length()];
    System.arraycopy(MAGIC, 0, header, 0, MAGIC.length);
    header[MAGIC.length] = (byte) text.length();
    header[MAGIC.length + 1] = (byte) (text.length() >> 8);
    System.arraycopy(
        text.getBytes(StandardCharsets.US_ASCII),
        0,
        header,
        MAGIC.length + Short.BYTES,
        text.length());
    return header;
  }

  /**
   * Appends float32 rows, as they lie in memory: little-endian on every machine the engine runs on.
   */
  void append(MemorySegment rows) {
    byte[] bytes = new byte[Math.toIntExact(rows.byteSize())];
    MemorySegment.ofArray(bytes).copyFrom(rows);
    write(ByteBuffer.wrap(bytes));
  }

  /** Puts the whole file in the target's place. */
  void finish() {
    try {
      if (channel.position() != length) {
        throw new IllegalStateException(channel.position() + " bytes written of " + length);
      }
      channel.force(true);
      channel.close();
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
      Files.deleteIfExists(part);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private void write(ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private Refusal failed(IOException e) {
    return Refusal.io(
        "cannot write '" + target + "': " + TextFile.reason(e),
        "check the folder and the free space",
        e);
  }
}
