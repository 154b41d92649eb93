// OpTests: runs the native tests of the ops, each as a process of its own.
package dev.gatun.verify;

import dev.gatun.device.DeviceChoice;
import dev.gatun.hub.TempFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The executables that the kernels' build makes beside the library: each op on a GPU against the
 * CPU back end, with its bound. A kernel that faults takes its own process down and no other.
 *
 * @param library libgatun.so
 * @param patience the longest that one may take
 * @param logs where what they say is kept
 */
record OpTests(
    Path library,
    DeviceChoice device,
    Duration patience,
    TempFolder logs,
    Consumer<Finding> report) {
  /** In a build folder, and in a bundle. */
  private static final List<String> FOLDERS = List.of("kernels-cuda", "ops");

  /** Names the tests, one a line, so that a missing one is missed. */
  private static final String LIST = "tests.txt";

  private static final String DEVICES = "CUDA_VISIBLE_DEVICES";

  void run() {
    Optional<Path> folder =
        FOLDERS.stream()
            .map(library::resolveSibling)
            .filter(place -> Files.exists(place.resolve(LIST)))
            .findFirst();
    if (folder.isEmpty()) {
      report.accept(
          new Finding(
              false,
              "op tests",
              "there is no "
                  + String.join("/" + LIST + " or ", FOLDERS)
                  + "/"
                  + LIST
                  + " beside "
                  + library
                  + "; build all of the kernels' targets"));
      return;
    }
    try (Stream<String> names = Files.lines(folder.get().resolve(LIST))) {
      List<String> tests = names.filter(line -> !line.isBlank()).toList();
      if (tests.isEmpty()) {
        report.accept(new Finding(false, "op tests", folder.get().resolve(LIST) + " is empty"));
      }
      tests.forEach(name -> report.accept(run(folder.get().resolve(name))));
    } catch (IOException e) {
      report.accept(Finding.failed("op tests", e));
    }
  }

  private Finding run(Path test) {
    String name = "ops: " + test.getFileName();
    if (!Files.isExecutable(test)) {
      return new Finding(false, name, test + " is missing; build all of the kernels' targets");
    }
    try {
      return run(name, test);
    } catch (IOException e) {
      return Finding.failed(name, e);
    }
  }

  private Finding run(String name, Path test) throws IOException {
    Path log = logs.path().resolve(test.getFileName() + ".log");
    ProcessBuilder builder =
        new ProcessBuilder(test.toString()).redirectErrorStream(true).redirectOutput(log.toFile());
    chooseDevice(builder.environment());
    long begin = System.nanoTime();
    Process process = builder.start();
    logs.writtenBy(process);
    process.getOutputStream().close();
    try {
      if (!process.waitFor(patience)) {
        return new Finding(false, name, "still runs after " + patience.toSeconds() + " s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Finding(false, name, "interrupted");
    } finally {
      process.destroyForcibly();
    }
    int status = process.exitValue();
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin);
    String said = said(log, status == 0);
    return new Finding(
        status == 0,
        name,
        (status == 0 ? said : "exit code " + status + ": " + said) + ", " + seconds + " s");
  }

  /** The tests take the first device they see. */
  private void chooseDevice(Map<String, String> environment) {
    if (device.kind() == DeviceChoice.Kind.CUDA) {
      String visible = environment.getOrDefault(DEVICES, "");
      List<String> names = visible.isBlank() ? List.of() : List.of(visible.split(","));
      environment.put(
          DEVICES,
          device.index() < names.size()
              ? names.get(device.index())
              : String.valueOf(device.index()));
    }
  }

  /** The first line of a failure says what failed, the last of a success how much was checked. */
  private static String said(Path log, boolean passed) throws IOException {
    List<String> lines =
        new String(Files.readAllBytes(log), StandardCharsets.UTF_8)
            .lines()
            .filter(line -> !line.isBlank())
            .toList();
    if (lines.isEmpty()) {
      return "no output";
    }
    return (passed ? lines.getLast() : lines.getFirst()).strip();
  }
}
