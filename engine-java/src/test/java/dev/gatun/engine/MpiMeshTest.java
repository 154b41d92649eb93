// MpiMeshTest: a model over processes gives the bits of one.
package dev.gatun.engine;

import static dev.gatun.engine.Resources.ORACLES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.Device;
import dev.gatun.refusal.Refusal;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MpiMeshTest {
  private static final int PATIENCE_SECONDS = 600; // only stops what hangs

  @TempDir private Path folder;

  /**
   * @param cases models in both computes, by layer where they have layers enough, by tensors, and
   *     the three with experts also by expert and hybrid
   */
  @ParameterizedTest
  @CsvSource({"2, 36", "4, 28"})
  @Tag("cpu")
  void processesDoNotChangeABit(int processes, int cases) throws Exception {
    List<String> lines =
        run(
            0,
            processes,
            List.of("-Dtokens=90", "-Df32=true"),
            List.of("deepseek-v3", "deepseek-v3-fp8", "qwen3-moe", "qwen2"));
    assertSame(lines, cases, "host");
  }

  /** By tensors, expert, sequences, hybrid and by layer, all in the default compute. */
  @ParameterizedTest
  @CsvSource({"2, 5, nccl", "3, 4, nccl", "2, 5, host"})
  @Tag("emulated")
  void processesOfGpusDoNotChangeABit(int processes, int cases, String exchange) throws Exception {
    boolean without = exchange.equals("host");
    List<String> lines =
        run(
            0,
            processes,
            List.of(
                "-Dtokens=20", "-Dgatun.device=emulated", "-Dgatun.emulated.no-nccl=" + without),
            List.of("qwen3-moe"));
    assertSame(lines, cases, exchange);
  }

  @Test
  @Tag("emulated")
  void anErrorOfNcclEndsAllRanks() throws Exception {
    List<String> lines =
        run(
            Refusal.Reason.DEVICE.exitCode(),
            2,
            List.of(
                "-Dtokens=20",
                "-Dgatun.device=emulated",
                "-Dgatun.emulated.nccl-failure=NCCL: a fault made up"),
            List.of("qwen3-moe"));
    String line = "rank \\d \\(process \\d+ on .*\\) ended: NCCL: a fault made up; all ranks end";
    assertEquals(1, lines.stream().filter(told -> told.matches(line)).count(), lines::toString);
  }

  private static void assertSame(List<String> lines, int cases, String exchange) {
    assertEquals(List.of(), lines.stream().filter(line -> line.startsWith("other ")).toList());
    assertEquals(cases, lines.stream().filter(line -> line.startsWith("same ")).count());
    List<String> ways = lines.stream().filter(line -> line.startsWith("exchange ")).toList();
    assertEquals(Set.of("exchange " + exchange), Set.copyOf(ways));
  }

  /** What MpiMeshProgram said, which ends with {@code code}. */
  private List<String> run(int code, int processes, List<String> settings, List<String> models)
      throws Exception {
    List<String> command = new ArrayList<>(List.of(mpirun(), "-np", "" + processes));
    command.addAll(List.of("--allow-run-as-root", "--oversubscribe", "--bind-to", "none"));
    command.addAll(List.of("--mca", "mpi_yield_when_idle", "1"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC"));
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Xmx512m"));
    command.add("-Djava.io.tmpdir=" + folder);
    command.add("-Dgatun.library=" + Device.library());
    command.addAll(settings);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(MpiMeshProgram.class.getName());
    // Unpacked here, once: the processes share the files.
    for (String model : models) {
      command.add(ORACLES.folder(model).checkpoint().toString());
    }
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
    process.destroyForcibly();
    List<String> lines = Files.readAllLines(output);
    assertTrue(ended, lines::toString);
    assertEquals(code, process.exitValue(), lines::toString);
    return lines;
  }

  private static String mpirun() throws Exception {
    Process process =
        new ProcessBuilder("../scripts/openmpi").redirectError(Redirect.INHERIT).start();
    String said = new String(process.getInputStream().readAllBytes()).strip();
    assertEquals(0, process.waitFor(), "scripts/openmpi found no Open MPI");
    return Path.of(said, "bin", "mpirun").toString();
  }
}
