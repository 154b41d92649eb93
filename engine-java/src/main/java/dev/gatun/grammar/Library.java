// Library: finds llguidance and loads it once.
package dev.gatun.grammar;

import dev.gatun.bindings.llguidance.LlGuidance;
import dev.gatun.hub.CacheFolder;
import dev.gatun.refusal.Refusal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The file that {@code -Dgatun.grammar} names, else the one that scripts/fetch-grammar left in the
 * cache folder.
 */
final class Library {
  /** As scripts/pinned/llguidance.txt has it; the structs of the bindings are this version's. */
  static final String VERSION = "1.9.1";

  private static final String REMEDY =
      "run scripts/fetch-grammar of Gatun's folder, or name the library with -Dgatun.grammar=FILE";

  // Kept, since what an initialiser throws reaches its first caller only, and wrapped.
  private static final Optional<Refusal> FAILURE = attempt(file());

  private Library() {}

  /** Loads the library on first use; Refusal.device if it is missing, broken or another version. */
  static void require() {
    if (FAILURE.isPresent()) {
      throw FAILURE.get();
    }
  }

  static Path file() {
    String named = System.getProperty("gatun.grammar");
    return named != null
        ? Path.of(named).toAbsolutePath()
        : CacheFolder.fromEnvironment(System.getenv())
            .root()
            .resolve("grammar")
            .resolve("libllguidance-" + VERSION + ".so");
  }

  static Optional<Refusal> attempt(Path file) {
    if (!Files.isRegularFile(file)) {
      return refused(
          "JSON schemas and grammars need llguidance, which is not at " + file, REMEDY, null);
    }
    try {
      System.load(file.toString());
      String version = LlGuidance.llg_get_version().getString(0);
      return version.startsWith("llguidance@" + VERSION + " ")
          ? Optional.empty()
          : refused(file + " is " + version + ", expected " + VERSION, REMEDY, null);
    } catch (UnsatisfiedLinkError e) {
      return refused("cannot load " + file + ": " + e.getMessage(), REMEDY, e);
    }
  }

  private static Optional<Refusal> refused(String what, String remedy, Throwable cause) {
    return Optional.of(Refusal.device(what, remedy, cause));
  }
}
