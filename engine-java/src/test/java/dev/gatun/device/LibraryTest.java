// LibraryTest: where the native library is looked for, and where it is not.
package dev.gatun.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.bindings.Kernels;
import dev.gatun.refusal.Refusal;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibraryTest {
  private static final byte[] ONE = "one".getBytes(StandardCharsets.UTF_8);
  private static final byte[] TWO = "two".getBytes(StandardCharsets.UTF_8);

  @TempDir Path folder;

  /** A program that needs the library, and says where it was. */
  static final class Opening {
    public static void main(String[] args) {
      try {
        Library.require();
        System.out.println("loaded " + Library.file());
      } catch (Refusal refusal) {
        System.out.println(refusal.getMessage());
      }
    }
  }

  /** What {@link Opening} says in {@link #folder}, without a library named to it. */
  private String opened(Path... jars) throws Exception {
    List<String> path = new ArrayList<>();
    for (Class<?> part : List.of(Opening.class, Library.class, Kernels.class)) {
      path.add(
          Path.of(part.getProtectionDomain().getCodeSource().getLocation().toURI()).toString());
    }
    for (Path jar : jars) {
      path.add(jar.toString());
    }
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                String.join(File.pathSeparator, path),
                Opening.class.getName())
            .directory(folder.toFile())
            .redirectErrorStream(true);
    builder.environment().put("GATUN_CACHE", folder.resolve("cache").toString());
    Process process = builder.start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    return said;
  }

  @Test
  void theCurrentFolderSuppliesNone() throws Exception {
    Files.createDirectory(folder.resolve("build"));
    Files.writeString(folder.resolve("build/libgatun.so"), "no library");
    Files.writeString(folder.resolve("libgatun.so"), "no library");
    String said = opened();
    assertTrue(said.startsWith("libgatun.so is neither named nor in a jar; "), said);
  }

  @Test
  void theJarOfThePlatformSuppliesIt() throws Exception {
    Path jar = folder.resolve("linux-x86_64.jar");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
      zip.putNextEntry(new ZipEntry(BundledLibrary.RESOURCE));
      Files.copy(Path.of(System.getProperty("gatun.library")), zip);
      zip.closeEntry();
    }
    String first = opened(jar);
    assertTrue(first.startsWith("loaded " + folder.resolve("cache/lib")), first);
    assertEquals(first, opened(jar));
  }

  @Test
  void eachContentHasAFileOfItsOwn() throws IOException {
    Path one = BundledLibrary.file(ONE, folder);
    Path two = BundledLibrary.file(TWO, folder);
    assertArrayEquals(ONE, Files.readAllBytes(one));
    assertArrayEquals(TWO, Files.readAllBytes(two));
    assertEquals(one, BundledLibrary.file(ONE, folder));
  }

  @Test
  void aDamagedFileIsReplacedAndNotWrittenTo() throws IOException {
    Path file = BundledLibrary.file(ONE, folder);
    Files.writeString(file, "oné");
    Object damaged = Files.getAttribute(file, "unix:ino");
    assertEquals(file, BundledLibrary.file(ONE, folder));
    assertArrayEquals(ONE, Files.readAllBytes(file));
    assertFalse(damaged.equals(Files.getAttribute(file, "unix:ino")));
    try (var files = Files.list(file.getParent())) {
      assertEquals(List.of(file), files.toList());
    }
  }

  @Test
  void manyAtOnceGetTheSameWholeFile() throws Exception {
    byte[] library = new byte[1 << 20];
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      List<Future<Path>> files = new ArrayList<>();
      for (int i = 0; i < 32; i++) {
        files.add(threads.submit(() -> BundledLibrary.file(library, folder)));
      }
      for (Future<Path> file : files) {
        assertArrayEquals(library, Files.readAllBytes(file.get()));
      }
    }
  }

  @Test
  void aFolderThatOthersMayWriteToIsRefused() throws IOException {
    Path file = BundledLibrary.file(ONE, folder);
    for (Path open : List.of(file.getParent(), file.getParent().getParent())) {
      Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
      Refusal refusal = assertThrows(Refusal.class, () -> BundledLibrary.file(ONE, folder));
      assertTrue(refusal.getMessage().contains("not this user's alone"), refusal.getMessage());
      Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwx------"));
    }
  }
}
