// CacheRamArgumentTest: --cache-ram on the command line: its sizes, its plan, its refusals.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CacheRamArgumentTest {
  @TempDir static Path folder;
  private static String model;

  @BeforeAll
  static void create() throws IOException {
    model = TinyModel.create(folder).toString();
  }

  @ParameterizedTest
  @CsvSource({
    "8192, 8589934592",
    "8G, 8589934592",
    "1.5GiB, 1610612736",
    "512M, 536870912",
    "2GB, 2000000000",
    "0, 0"
  })
  void aNumberIsOfMebibytes(String text, long bytes) {
    assertEquals(bytes, CacheRamArgument.bytes(text));
  }

  @Test
  void hostMemoryForTheCacheIsPlanned() {
    String usual = plan();
    assertTrue(usual.contains("(--cache-ram): up to 8.00 GiB"), usual);
    assertTrue(plan("--cache-ram", "64G").contains("up to 64.00 GiB"));
    assertFalse(plan("-cram", "0").contains("--cache-ram"));
    String here = Cli.terminal().run("plan", "-m", model, "--cache-ram", "512").succeeded();
    assertTrue(here.contains("host memory for pages of it           0.50"), here);
  }

  @Test
  void moreHostMemoryThanThereIsIsRefusedBeforeLoading() {
    String[] run = {"run", "-m", model, "-p", "x", "-c", "64", "--cache-ram"};
    Cli cli = Cli.piped("");
    Cli.Result result = cli.run(with(run, "500000G"));
    assertEquals(3, result.exitCode(), result.err());
    assertTrue(result.err().contains("--cache-ram of 500000.00 GiB"), result.err());
    assertTrue(result.err().contains("use a smaller --cache-ram, or"), result.err());
    for (String none : List.of("-1", "much", "8T", "")) {
      assertTrue(cli.run(with(run, none)).refused(2).contains("--cache-ram '" + none + "'"));
    }
  }

  private static String[] with(String[] words, String last) {
    List<String> all = new ArrayList<>(List.of(words));
    all.add(last);
    return all.toArray(String[]::new);
  }

  private static String plan(String... more) {
    String[] words = {
      "plan", "--synthetic", "qwq-32b:type=awq", "--vram", "24G", "-c", "40960", "--kv", "q8_0"
    };
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(List.of(more));
    return Cli.terminal().run(all.toArray(String[]::new)).succeeded();
  }
}
