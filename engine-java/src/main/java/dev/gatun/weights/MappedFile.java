// MappedFile: one file of a checkpoint in the address space, read-only.
package dev.gatun.weights;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

final class MappedFile {
  private MappedFile() {}

  /** The whole file; unmapped when {@code arena} closes. */
  static MemorySegment map(Path path, Arena arena) {
    try (FileChannel channel = FileChannel.open(path)) {
      return channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
    } catch (NoSuchFileException e) {
      throw Refusal.model("file '" + path + "' is missing", "download the model again, all its files");
    } catch (IOException | OutOfMemoryError e) {
      // The map call reports an exhausted address space as an OutOfMemoryError.
      throw Refusal.io(
          "cannot map '" + path + "': " + e.getMessage(), "check that the file is readable", e);
    }
  }
}
