// OpTestsTest: what becomes of a native test that passes, fails, faults, hangs or is missing.
package dev.gatun.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.DeviceChoice;
import dev.gatun.hub.TempFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpTestsTest {
  @TempDir Path folder;

  @Test
  void eachTestIsAFinding() throws IOException {
    script("good", "echo building; echo '12 checks, 0 failed'");
    script("bad", "echo 'rope.cpp:3: [7] differs'; echo '12 checks, 1 failed'; exit 1");
    script("faulty", "kill -SEGV $$");
    list("good", "bad", "faulty", "missing");
    List<Finding> found = findings(DeviceChoice.cpu().named("emulated"));
    assertEquals(List.of(true, false, false, false), found.stream().map(Finding::holds).toList());
    assertTrue(found.get(0).figure().startsWith("12 checks, 0 failed"), found.get(0).figure());
    assertTrue(found.get(1).figure().contains("[7] differs"), found.get(1).figure());
    assertTrue(found.get(2).figure().contains("exit code 139"), found.get(2).figure());
    assertTrue(found.get(3).figure().contains("is missing"), found.get(3).figure());
  }

  @Test
  void aTestThatDoesNotEndIsStopped() throws IOException {
    script("hanging", "exec sleep 600");
    list("hanging");
    Finding found = findings(DeviceChoice.cpu(), Duration.ZERO).getFirst();
    assertFalse(found.holds());
    assertTrue(found.figure().contains("still runs after 0 s"), found.figure());
  }

  @Test
  void theTestsSeeTheDeviceThatIsChecked() throws IOException {
    script("device", "echo device $CUDA_VISIBLE_DEVICES");
    list("device");
    String figure = findings(DeviceChoice.cpu().named("cuda:3")).getFirst().figure();
    assertTrue(figure.startsWith("device 3"), figure);
  }

  @Test
  void withoutAListNothingPasses() throws IOException {
    assertEquals(
        List.of(false), findings(DeviceChoice.cpu()).stream().map(Finding::holds).toList());
    list();
    assertEquals(
        List.of(false), findings(DeviceChoice.cpu()).stream().map(Finding::holds).toList());
  }

  private List<Finding> findings(DeviceChoice device) {
    return findings(device, Duration.ofDays(1));
  }

  private List<Finding> findings(DeviceChoice device, Duration patience) {
    List<Finding> found = new ArrayList<>();
    try (TempFolder logs = TempFolder.create(folder.resolve("logs"))) {
      new OpTests(folder.resolve("libgatun.so"), device, patience, logs, found::add).run();
    }
    return found;
  }

  private void list(String... names) throws IOException {
    Files.createDirectories(folder.resolve("ops"));
    Files.write(folder.resolve("ops/tests.txt"), List.of(names));
  }

  private void script(String name, String text) throws IOException {
    Files.createDirectories(folder.resolve("ops"));
    Path file = Files.writeString(folder.resolve("ops").resolve(name), "#!/bin/sh\n" + text + "\n");
    assertTrue(file.toFile().setExecutable(true));
  }
}
