// CacheFolder: the folder that keeps fetched models, and what is said when it cannot be written.
package dev.gatun.hub;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * The cache folder; nothing is created before something is fetched. Its layout is described at the
 * package.
 */
public record CacheFolder(Path root) {

  /**
   * {@code $GATUN_CACHE}, else {@code $XDG_CACHE_HOME/gatun}, else {@code ~/.cache/gatun}. An empty
   * variable counts as unset, and so does a relative {@code XDG_CACHE_HOME} (source: XDG Base
   * Directory Specification, "must be absolute").
   */
  public static CacheFolder fromEnvironment(Map<String, String> environment) {
    Optional<Path> own = variable(environment, "GATUN_CACHE").map(Path::toAbsolutePath);
    Optional<Path> xdg = variable(environment, "XDG_CACHE_HOME").filter(Path::isAbsolute);
    return new CacheFolder(
        own.or(() -> xdg.map(folder -> folder.resolve("gatun")))
            .orElseGet(() -> Path.of(System.getProperty("user.home"), ".cache", "gatun")));
  }

  private static Optional<Path> variable(Map<String, String> environment, String name) {
    return Optional.ofNullable(environment.get(name))
        .filter(value -> !value.isBlank())
        .map(Path::of);
  }

  /** Creates a folder and its parents. */
  static Path create(Path folder) {
    try {
      return Files.createDirectories(folder);
    } catch (IOException e) {
      throw unwritable(folder, e);
    }
  }

  /**
   * Refuses before the first byte is fetched if {@code bytes} more do not fit on the file system of
   * {@code folder}.
   */
  static void requireRoom(Path folder, long bytes) {
    try {
      long free = Files.getFileStore(folder).getUsableSpace();
      if (bytes > free) {
        throw Refusal.io(
            Figures.size(bytes)
                + " are needed in "
                + folder
                + " and "
                + Figures.size(free)
                + " are free",
            "free some space or set GATUN_CACHE to a folder on a larger disk",
            null);
      }
    } catch (IOException e) {
      throw unwritable(folder, e);
    }
  }

  static Refusal unwritable(Path path, IOException e) {
    return Refusal.io(
        "cannot write " + path + ": " + reason(e),
        "free some space or set GATUN_CACHE to a folder that can be written",
        e);
  }

  // The message of a FileSystemException is the path again; the class or its reason says what
  // happened.
  private static String reason(IOException e) {
    return switch (e) {
      case AccessDeniedException _ -> "permission denied";
      case NoSuchFileException _ -> "no such folder";
      case FileAlreadyExistsException found -> found.getFile() + " is a file, not a folder";
      case FileSystemException f when f.getReason() != null -> f.getReason();
      default -> String.valueOf(e.getMessage());
    };
  }
}
