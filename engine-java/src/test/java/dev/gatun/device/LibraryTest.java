// LibraryTest: where the native library is looked for, and where it is not.
package dev.gatun.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibraryTest {
  @TempDir Path folder;

  private Path created(String file) throws IOException {
    Path path = folder.resolve(file);
    Files.createDirectories(path.getParent());
    return Files.writeString(path, "no library");
  }

  @Test
  void itLiesBesideTheEngine() throws IOException {
    assertEquals(
        folder.resolve("lib/libgatun.so"), Library.near(folder.resolve("jars")), "of a bundle");
    assertEquals(
        folder.resolve("build/libgatun.so"),
        Library.near(folder.resolve("engine-java/target")),
        "of a checkout");
    created("build/libgatun.so");
    created("lib/libgatun.so");
    assertEquals(
        folder.resolve("a/b/libgatun.so"), Library.near(folder.resolve("a/b")), "of neither");
    Path beside = created("engine-java/target/libgatun.so");
    assertEquals(beside, Library.near(folder.resolve("engine-java/target")));
  }

  /** A program that needs the library. */
  static final class Opening {
    public static void main(String[] args) {
      Library.require();
    }
  }

  @Test
  void theCurrentFolderSuppliesNone() throws Exception {
    created("build/libgatun.so");
    created("libgatun.so");
    Path err = folder.resolve("err");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Opening.class.getName())
            .directory(folder.toFile())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(err.toFile())
            .start();
    process.getOutputStream().close();
    process.waitFor();
    // Whether it finds the library of the engine's own folder depends on what has been built.
    String text = Files.readString(err, StandardCharsets.UTF_8);
    assertFalse(text.contains(folder.toRealPath().toString()), text);
  }
}
