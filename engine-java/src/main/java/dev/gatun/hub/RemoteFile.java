// RemoteFile: one file of a repository, as its server lists it.
package dev.gatun.hub;

import dev.gatun.refusal.Refusal;
import java.util.Optional;

/**
 * A file of a repository.
 *
 * @param path relative, of safe parts: it stays inside whatever folder it is resolved against
 * @param size bytes; some servers do not list it
 * @param checksum of the content; some servers do not list it
 */
record RemoteFile(String path, Optional<Long> size, Optional<Checksum> checksum) {

  private static final long LARGEST =
      1L << 48; // bytes; sums of thousands of such sizes still fit a long

  RemoteFile {
    requireInside(path);
    if (size.isPresent() && (size.get() < 0 || size.get() > LARGEST)) {
      throw Refusal.io(
          "the server lists " + path + " with " + size.get() + " bytes",
          "use another repository",
          null);
    }
  }

  /** Whether a file that was fetched as {@code kept} is what is listed here now. */
  boolean agrees(RemoteFile kept) {
    return path.equals(kept.path)
        && (size.isEmpty() || size.equals(kept.size))
        && (checksum.isEmpty() || checksum.equals(kept.checksum));
  }

  String name() {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  // Names come from a server: nothing may lead out of the cache folder or disturb the terminal.
  private static void requireInside(String path) {
    boolean odd = path.matches("(?s).*[\\p{Cntrl}\\\\].*");
    for (String part : path.split("/", -1)) {
      odd |= part.isEmpty() || part.equals(".") || part.equals("..");
    }
    if (odd) {
      throw Refusal.io(
          "the server lists a file under the name \""
              + path
              + "\", which may lead out of the cache folder",
          "nothing was written; use another repository or endpoint",
          null);
    }
  }
}
