// OpenFiles: the files of a checkpoint that is open.
package dev.gatun.weights;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Used by one thread. */
final class OpenFiles implements AutoCloseable {
  private final List<FileRange> files = new ArrayList<>();

  /** Refusal with reason MODEL where there is no such file, IO where it cannot be read. */
  ByteRange open(Path path) {
    FileRange file = FileRange.open(path);
    files.add(file);
    return file;
  }

  @Override
  public void close() {
    files.forEach(FileRange::close);
  }
}
