// Verification: shows on the machine at hand that a build computes what it must.
package dev.gatun.verify;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.hub.TempFolder;
import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The native tests of every op, then every oracle, those that are folders over two ranks too.
 *
 * @param oracles their folder; empty for the one that came with the library
 * @param quick the first folder and the first GGUF file alone, and fewer repeats
 */
public record Verification(DeviceChoice device, Optional<Path> oracles, boolean quick) {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int REPEATS = 300;
  private static final int QUICK_REPEATS = 30;

  /** In a bundle beside the library; in a checkout, whose build folder holds it. */
  private static final List<String> PLACES =
      List.of("oracle", "../engine-java/src/test/resources/oracle");

  /**
   * Tells each finding as soon as it is there. Refusal where nothing can be checked: no such
   * device, no oracles.
   */
  public void run(Consumer<Finding> report) {
    Device.require(device);
    Path library = Device.library();
    Path packed = oracles.orElseGet(() -> beside(library));
    try (TempFolder scratch = TempFolder.create(Files.createTempDirectory("gatun-verify"))) {
      Oracles all = new Oracles(packed, scratch.path().resolve("oracle"));
      if (device.kind() != DeviceChoice.Kind.CPU) {
        new OpTests(library, device, PATIENCE, scratch, report).run();
        connect(report);
      }
      check(all, report);
    } catch (IOException e) {
      throw Refusal.io(
          "cannot list the oracles in " + packed + ": " + e.getMessage(),
          "see that they can be read, and that java.io.tmpdir can be written",
          e);
    }
  }

  private void check(Oracles all, Consumer<Finding> report) throws IOException {
    List<String> folders = chosen(all.folders());
    List<String> ggufs = chosen(all.ggufs());
    if (folders.isEmpty() && ggufs.isEmpty()) {
      throw Refusal.usage(
          "there is no oracle in " + all.packed(), "name another folder with --oracles FOLDER");
    }
    for (String name : folders) {
      check(name, () -> all.folder(name), true, report);
    }
    for (String name : ggufs) {
      check(name + ".gguf", () -> all.gguf(name), false, report);
    }
  }

  private interface Packed {
    Oracle unpack() throws IOException;
  }

  /** NCCL of a single rank: whether it loads, takes its place, and moves the right bytes. */
  private void connect(Consumer<Finding> report) {
    String name = "NCCL, one rank";
    try (Device opened = Device.open(device)) {
      if (opened.connects()) {
        opened.connect(opened.newConnection(), 0, 1).close();
        report.accept(Finding.none(name, 0, "bytes differ"));
      }
    } catch (Refusal refusal) {
      report.accept(Finding.failed(name, refusal));
    }
  }

  private void check(String name, Packed packed, boolean overRanks, Consumer<Finding> report) {
    Oracle oracle;
    try {
      oracle = packed.unpack();
    } catch (IOException e) {
      report.accept(Finding.failed(name, e));
      return;
    }
    new OracleChecks(name, oracle, device, quick ? QUICK_REPEATS : REPEATS, report).run();
    if (overRanks) {
      new MeshChecks(name, oracle, device, report).run();
    }
  }

  private List<String> chosen(List<String> names) {
    return quick ? names.subList(0, Math.min(1, names.size())) : names;
  }

  private static Path beside(Path library) {
    return PLACES.stream()
        .map(place -> library.resolveSibling(place).normalize())
        .filter(Files::isDirectory)
        .findFirst()
        .orElseThrow(
            () ->
                Refusal.usage(
                    "there are no oracles beside " + library, "name a folder with --oracles"));
  }
}
