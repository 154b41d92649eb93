// MpiRanksTest: processes under mpirun hand each other every byte, and end together, with one line,
// whatever ends one of them.
package dev.gatun.ranks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MpiRanksTest {

  /** From what ends one rank to the end of all processes. */
  private static final long MOST_MILLIS = 10_000;

  /** Of mpirun for a program that got {@code kill -9}, whatever the others say. */
  private static final int KILLED = 137;

  /** Only stops what hangs. */
  private static final int PATIENCE_SECONDS = 120;

  private static Path mpirun;
  @TempDir private Path folder;

  /**
   * How mpirun ended.
   *
   * @param lines of all processes
   * @param millis from the first event, or where there was none the end of mpirun, to the end of
   *     the last process
   */
  private record End(int code, List<String> lines, long millis) {

    /** The one line. */
    String told() {
      List<String> told = words(lines, "gatun: ");
      assertEquals(1, told.size(), this::toString);
      return told.getFirst();
    }

    void assertEnded(int expected) {
      assertEquals(expected, code, this::toString);
      assertTrue(millis < MOST_MILLIS, this::toString);
      assertFalse(lines.contains("good end"), this::toString);
    }
  }

  @BeforeAll
  static void fetch() throws Exception {
    Process process =
        new ProcessBuilder("../scripts/openmpi").redirectError(Redirect.INHERIT).start();
    String said = new String(process.getInputStream().readAllBytes()).strip();
    assertEquals(0, process.waitFor(), "scripts/openmpi found no Open MPI");
    mpirun = Path.of(said, "bin", "mpirun");
  }

  /** Runs MpiProgram in {@code size} processes, until the last is gone. */
  private End run(int size, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(mpirun.toString(), "-np", "" + size));
    command.addAll(List.of("--allow-run-as-root", "--oversubscribe", "--bind-to", "none"));
    command.addAll(List.of("--mca", "mpi_yield_when_idle", "1"));
    // What ranks that are killed leave behind goes with the folder.
    command.addAll(List.of("--mca", "btl_sm_backing_directory", folder.toString()));
    if (arguments[0].equals("singleton")) {
      command.addAll(List.of("env", "OMPI_COMM_WORLD_SIZE=2"));
    }
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC"));
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Xmx256m"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(MpiProgram.class.getName());
    command.addAll(List.of(arguments));
    File output = folder.resolve("output").toFile();
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output);
    builder.environment().put("TMPDIR", folder.toString());
    Process process = builder.start();
    boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
    long launched = System.currentTimeMillis();
    List<String> lines = Files.readAllLines(output.toPath());
    List<String> started = words(lines, "started ");
    assertEquals(size, started.size(), lines::toString);
    for (String rank : started) {
      ended &= gone(Long.parseLong(rank));
    }
    long now = System.currentTimeMillis();
    process.destroyForcibly();
    assertTrue(ended, () -> "mpirun or a rank hangs: " + lines);
    long event = words(lines, "event ").stream().mapToLong(Long::parseLong).min().orElse(launched);
    return new End(process.exitValue(), lines, now - event);
  }

  /** Waits for a rank that mpirun has killed and not waited for. */
  private static boolean gone(long process) throws InterruptedException, ExecutionException {
    Optional<ProcessHandle> rank = ProcessHandle.of(process);
    try {
      if (rank.isPresent()) {
        rank.get().onExit().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      }
      return true;
    } catch (TimeoutException e) {
      rank.get().destroyForcibly();
      return false;
    }
  }

  /** What follows {@code word} in the lines that begin with it. */
  private static List<String> words(List<String> lines, String word) {
    return lines.stream()
        .filter(line -> line.startsWith(word))
        .map(line -> line.substring(word.length()))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void everyoneSeesEveryonesBytes(int size) throws Exception {
    End end = run(size, "exchange");
    assertEquals(0, end.code, end::toString);
    assertEquals(size, end.lines.stream().filter("good end"::equals).count(), end::toString);
    assertEquals(2 * size, end.lines.size(), end::toString);
  }

  @ParameterizedTest
  @CsvSource({"2, 0", "4, 2"})
  void aKilledRankEndsAll(int size, int who) throws Exception {
    End end = run(size, "killed", "" + who);
    end.assertEnded(KILLED);
    assertTrue(end.told().startsWith("rank " + who + " (process "), end::toString);
    assertTrue(end.told().contains("died without a word"), end::toString);
  }

  @ParameterizedTest
  @CsvSource({"2, 0", "4, 1"})
  void aStoppedRankEndsAll(int size, int who) throws Exception {
    End end = run(size, "stopped", "" + who);
    end.assertEnded(5);
    assertTrue(end.told().startsWith("rank " + who + " (process "), end::toString);
    assertTrue(end.told().contains("has not answered for 5 s"), end::toString);
  }

  /** The others wait for it, or do something else for ever. */
  @ParameterizedTest
  @CsvSource({"4, failed, 3", "2, busy, 1", "2, busy, 0"})
  void aRankThatFailsEndsAll(int size, String what, int who) throws Exception {
    End end = run(size, what, "" + who);
    end.assertEnded(3);
    assertTrue(end.told().startsWith("rank " + who + " (process "), end::toString);
    assertTrue(end.told().contains(" ended: no memory for the weights; "), end::toString);
  }

  @Test
  void ranksThatAllFailTellOnce() throws Exception {
    End end = run(4, "all");
    end.assertEnded(3);
    assertTrue(end.told().contains(" ended: no memory for the weights; "), end::toString);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void aRankThatClosesTooEarlyEndsAll(int size) throws Exception {
    End end = run(size, "early", "1");
    end.assertEnded(5);
    assertTrue(end.told().startsWith("rank 1 (process "), end::toString);
    assertTrue(end.told().contains(") is done, and rank "), end::toString);
  }

  /** Nobody can be told, and nobody but the ranks ends them. */
  @Test
  void ranksDoNotOutliveTheirLauncher() throws Exception {
    run(2, "launcher", "1").assertEnded(KILLED);
  }

  /** As Ctrl-C does: who sent it knows. */
  @Test
  void aSignalEndsAllWithoutAWord() throws Exception {
    End end = run(2, "terminated", "1");
    end.assertEnded(143);
    assertEquals(List.of(), words(end.lines, "gatun: "), end::toString);
  }

  @Test
  void ranksOfOtherVersionsAreNamed() throws Exception {
    End end = run(4, "version", "2");
    assertEquals(5, end.code, end::toString);
    assertTrue(
        end.told().startsWith("the ranks' Gatun differs: 0.1.0 on 0, 1, 3; 0.2.0 on 2;"),
        end::toString);
  }

  @Test
  void ranksOfOtherCheckpointsAreNamed() throws Exception {
    End end = run(2, "checkpoint", "0");
    assertEquals(5, end.code, end::toString);
    assertTrue(
        end.told().startsWith("the ranks' checkpoint differs: beef on 1; cafe on 0;"),
        end::toString);
  }

  @Test
  void aRankThatDoesNotStartEndsAll() throws Exception {
    End end = run(2, "never", "1");
    end.assertEnded(5);
    assertTrue(end.told().startsWith("not all 2 ranks have started within 2 s"), end::toString);
  }

  /** As under a launcher of another kind: MPI then sees each process alone. */
  @Test
  void processesThatMpiSeesAloneAreRefused() throws Exception {
    End end = run(1, "singleton");
    assertEquals(5, end.code, end::toString);
    assertTrue(end.told().startsWith("mpirun started 2 processes, of which MPI (Open MPI v5"));
    assertTrue(end.told().contains(") sees 1; "), end::toString);
  }
}
