// FaultTest: a kernel that faults ends the program in order: one line, exit code 5, no crash.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In processes of their own, since a device that faulted stays broken. */
@Tag("emulated")
class FaultTest {
  @TempDir static Path folder;
  private static int runs;

  /** Exit code and standard error of a run whose {@code launch}th kernel faults. */
  private record Ended(int exitCode, String err) {}

  private static Ended run(int launch, String... settings) throws Exception {
    return run(launch, List.of("--device", "emulated"), settings);
  }

  private static Ended run(int launch, List<String> devices, String... settings) throws Exception {
    Path model = folder.resolve("model");
    if (Files.notExists(model)) {
      TinyModel.create(Files.createDirectory(model));
    }
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Dgatun.library=" + System.getProperty("gatun.library"),
                "-cp",
                System.getProperty("java.class.path")));
    command.addAll(List.of(settings));
    command.addAll(List.of("dev.gatun.cli.Main", "run", "-m", model.toString()));
    command.addAll(devices);
    command.addAll(List.of("-c", "64"));
    command.addAll(List.of("-p", "abc", "-n", "4", "--temp", "0"));
    Path err = folder.resolve("err" + runs++);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(err.toFile());
    builder.environment().put("GATUN_EMULATION_FAULT", String.valueOf(launch));
    Process process = builder.start();
    process.getOutputStream().close();
    try {
      assertTrue(process.waitFor(120, TimeUnit.SECONDS), "it hangs");
    } finally {
      process.destroyForcibly();
    }
    return new Ended(process.exitValue(), read(err));
  }

  private static String read(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.UTF_8);
  }

  private static void endedAt(String op, Ended ended) {
    assertEquals(5, ended.exitCode(), ended.err());
    assertTrue(
        ended
            .err()
            .matches(
                "gatun: "
                    + op
                    + ": [a-z ]+: an illegal memory access was encountered"
                    + " \\(cudaErrorIllegalAddress\\); run with [^\n]*-Dgatun.sync=true[^\n]*\n"),
        ended.err());
  }

  @Test
  void waitingAfterEachOpNamesTheOneThatFaulted() throws Exception {
    // The first launch is that of opening the device.
    endedAt("gk_rope_table", run(2, "-Dgatun.sync=true"));
    endedAt("gk_embed", run(3, "-Dgatun.sync=true"));
    endedAt("gk_rms_norm", run(4, "-Dgatun.sync=true"));
  }

  @Test
  void otherwiseALaterOneIsNamedAndHowToKnow() throws Exception {
    endedAt("gk_\\w+", run(2));
    endedAt("gk_\\w+", run(30));
  }

  /** While the others wait for what it computes; the first that faults is on rank 1. */
  @Test
  void aRankThatFaultsEndsAll() throws Exception {
    for (int launch : new int[] {2, 60}) {
      Ended second = run(launch, List.of("--devices", "cpu,emulated"));
      assertEquals(5, second.exitCode(), second.err());
      assertTrue(
          second.err().matches("(?s).*gatun: rank 1 ended: emulated: [^\n]*illegal memory[^\n]*\n"),
          second.err());
      Ended first = run(launch, List.of("--devices", "emulated,cpu", "-sm", "tensor"));
      assertEquals(5, first.exitCode(), first.err());
      assertTrue(
          first.err().matches("(?s).*gatun: rank 0 ended: emulated [^\n]*illegal memory[^\n]*\n"),
          first.err());
    }
  }
}
