// ThinkingArgumentsTest: thinking is closed where gatun run's options say so.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ThinkingArgumentsTest {
  private static final String CLOSED = "\n</think>\n\n";

  @TempDir static Path folder;
  private static String model;
  private static String template;

  @BeforeAll
  static void create() throws IOException {
    model = TinyModel.create(folder).toString();
    Path config = folder.resolve("config.json");
    String longer = "\"max_position_embeddings\": 1024";
    Files.writeString(
        config, Files.readString(config).replace("\"max_position_embeddings\": 256", longer));
    template =
        Files.writeString(folder.resolve("t.jinja"), "{{ messages[0].content }}<think>\n")
            .toString();
  }

  private static Cli.Result run(String... more) {
    List<String> words = new ArrayList<>(List.of("run", "-m", model, "-p", "hi", "--seed", "4"));
    words.addAll(List.of("--chat-template-file", template, "--ignore-eos", "--no-color"));
    words.addAll(Arrays.asList(more));
    return Cli.terminal().run(words.toArray(String[]::new));
  }

  /** The model writes one sign only. */
  private static Cli.Result stubborn(String... more) {
    List<String> words = new ArrayList<>(List.of("-l", "97+100"));
    words.addAll(Arrays.asList(more));
    return run(words.toArray(String[]::new));
  }

  @Test
  void aBudgetClosesTheThinking() {
    String free = run("-n", "12").succeeded();
    assertEquals(free, run("-n", "12", "--reasoning-budget", "-1").succeeded());
    Cli.Result closed = stubborn("-n", "12", "--reasoning-budget", "4");
    assertEquals("aaaa" + CLOSED + "aaaa\n", closed.succeeded());
    assertTrue(closed.err().contains(" · thinking 8 tokens, ended by the budget\n"), closed.err());
    String none = stubborn("-n", "12", "--reasoning-budget", "0").succeeded();
    assertEquals(CLOSED + "aaaaaaaa\n", none);
    String told = " Enough.";
    List<String> words = List.of("-n", "20", "--reasoning-budget", "2");
    List<String> all = new ArrayList<>(words);
    all.addAll(List.of("--reasoning-budget-message", told));
    assertEquals(
        "aa" + told + CLOSED + "aaaaaa\n", stubborn(all.toArray(String[]::new)).succeeded());
  }

  @Test
  void aLoopIsEndedUnlessTheGuardIsOff() {
    Cli.Result guarded = stubborn("-n", "520");
    String out = guarded.succeeded();
    assertTrue(out.startsWith("a".repeat(512) + CLOSED), out);
    assertTrue(guarded.err().contains(" · thinking 516 tokens, ended in a loop\n"), guarded.err());
    String unguarded = stubborn("-n", "530", "--no-loop-guard").succeeded();
    assertFalse(unguarded.contains("</think>"), unguarded);
  }

  @Test
  void whatIsNoBudgetIsRefused() {
    assertTrue(run("--reasoning-budget", "-2").refused(2).contains("a thinking budget of -2"));
    assertTrue(run("--reasoning-budget", "x").refused(2).contains("--reasoning-budget"));
  }
}
