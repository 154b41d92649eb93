// FileRange: bytes of one file of a checkpoint, read with pread.
package dev.gatun.weights;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * @param name for messages
 * @param start of the range in the file
 */
record FileRange(FileChannel file, String name, long start, long bytes) implements ByteRange {
  /**
   * Of one call: large beside what a call costs, small enough that several readers share a read.
   */
  private static final long BLOCK = 2L << 20;

  private static final String AGAIN =
      "leave the file alone while it is loaded, or download it again";

  /** The whole file. */
  static FileRange open(Path path) {
    FileChannel file;
    try {
      file = FileChannel.open(path);
    } catch (NoSuchFileException e) {
      throw Refusal.model(
          "file '" + path + "' is missing", "download the model again, all its files");
    } catch (IOException e) {
      throw unreadable("'" + path + "'", e);
    }
    try {
      return new FileRange(file, "'" + path.getFileName() + "'", 0, file.size());
    } catch (IOException e) {
      close(file);
      throw unreadable("'" + path + "'", e);
    }
  }

  /** Reads under way, and all later ones, are an IllegalStateException. */
  void close() {
    close(file);
  }

  private static void close(FileChannel file) {
    try {
      file.close();
    } catch (IOException e) {
      // It was read only: nothing is lost.
    }
  }

  @Override
  public FileRange slice(long offset, long length) {
    Objects.checkFromIndexSize(offset, length, bytes);
    return new FileRange(file, name, start + offset, length);
  }

  @Override
  public FileRange named(String other) {
    return new FileRange(file, other, start, bytes);
  }

  @Override
  public Reading begin(long offset, MemorySegment into) {
    Objects.checkFromIndexSize(offset, into.byteSize(), bytes);
    List<Reading> blocks = new ArrayList<>();
    for (long at = 0; at < into.byteSize(); at += BLOCK) {
      ByteBuffer block = into.asSlice(at, Math.min(BLOCK, into.byteSize() - at)).asByteBuffer();
      long position = start + offset + at;
      blocks.add(Readers.start(() -> fill(block, position)));
    }
    return blocks.size() == 1 ? blocks.getFirst() : Reading.all(blocks);
  }

  private void fill(ByteBuffer block, long position) {
    try {
      while (block.hasRemaining()) {
        if (file.read(block, position + block.position()) < 0) {
          throw tooShort();
        }
      }
    } catch (ClosedChannelException e) {
      throw new IllegalStateException(name + " is read after its checkpoint was closed", e);
    } catch (IOException e) {
      throw unreadable(name, e);
    }
  }

  private Refusal tooShort() throws IOException {
    return Refusal.model(
        name
            + " has been cut while it was read: "
            + bytes
            + " bytes from "
            + start
            + " on expected, the file now ends at "
            + file.size(),
        AGAIN);
  }

  private static Refusal unreadable(String name, IOException e) {
    return Refusal.io(
        "cannot read " + name + ": " + e.getMessage(), "check the file, its disk or network", e);
  }
}
