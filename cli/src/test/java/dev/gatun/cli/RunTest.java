// RunTest: one-shot answers and conversations of a tiny model.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunTest {
  private static final String STATS =
      "context: 256 tokens, the model's own; a cache of 256.00 KiB\n"
          + "prompt \\d+ tokens, [\\d.]+ t/s · generation 8 tokens, [\\d.]+ t/s · first token"
          + " [\\d.]+ s\n";

  @TempDir static Path folder;
  private static String model;

  @BeforeAll
  static void create() throws IOException {
    model = TinyModel.create(folder).toString();
  }

  @Test
  void theAnswerAloneIsOnStandardOutput() {
    Cli.Result result = run(Cli.terminal(), "-p", "hi");
    assertTrue(!result.succeeded().isBlank() && result.out().endsWith("\n"), result.out());
    assertTrue(result.err().matches(STATS), result.err());
  }

  @Test
  void thePromptComesFromTextFileOrStandardInput() throws IOException {
    String file = Files.writeString(folder.resolve("p.txt"), "two\n").toString();
    String one = run(Cli.terminal(), "-p", "one").succeeded();
    assertEquals(one, run(Cli.piped("one\n")).succeeded());
    assertEquals(one, run(Cli.piped(""), "-p", "one").succeeded());
    String both = run(Cli.terminal(), "-p", "one\ntwo").succeeded();
    assertEquals(both, run(Cli.terminal(), "-p", "one", "-f", file).succeeded());
    assertEquals(both, run(Cli.piped("two"), "-p", "one", "-f", "-").succeeded());
    assertNotEquals(one, both);
  }

  @Test
  void aSystemMessageThatTheMakersAdviseAgainstIsMentioned() throws IOException {
    Path distilled = Files.createDirectory(folder.resolve("DeepSeek-R1-Distill-tiny"));
    String told = "advise against a system message";
    String[] asked = {"run", "-m", TinyModel.create(distilled).toString(), "-p", "hi", "-n", "1"};
    assertFalse(Cli.terminal().run(asked).err().contains(told));
    String[] system = Arrays.copyOf(asked, asked.length + 2);
    system[asked.length] = "-sys";
    system[asked.length + 1] = "Be brief.";
    assertTrue(Cli.terminal().run(system).err().contains(told));
    system[2] = model;
    assertFalse(Cli.terminal().run(system).err().contains(told));
  }

  @Test
  void standardInputThatIsNotReadIsMentioned() {
    Cli.Result result = run(Cli.piped("two"), "-p", "one");
    assertEquals(run(Cli.terminal(), "-p", "one").succeeded(), result.succeeded());
    assertTrue(result.err().contains("add -f -"), result.err());
  }

  @Test
  void promptsThatAreNoneAreRefused() throws IOException {
    assertTrue(run(Cli.piped("\n")).refused(2).contains("the prompt is empty"));
    String bytes = Files.write(folder.resolve("bad.txt"), new byte[] {'a', (byte) 0xFF}).toString();
    assertTrue(run(Cli.terminal(), "-f", bytes).refused(2).contains("byte 0xff at offset 1"));
    assertTrue(run(Cli.terminal(), "--raw").refused(2).contains("--raw"));
    assertTrue(run(Cli.terminal(), "--raw", "-sys", "x", "-p", "y").refused(2).contains("-sys"));
  }

  @Test
  void aPromptLongerThanTheContextIsRefused() {
    assertTrue(run(Cli.terminal(), "-c", "16", "-p", "x".repeat(100)).refused(2).contains("16"));
  }

  @Test
  void aContextThatIsAskedForIsNotTold() {
    for (String context : List.of("64", "0")) {
      String err = run(Cli.terminal(), "-p", "hi", "-c", context).err();
      assertTrue(err.startsWith("prompt "), err);
    }
  }

  @Test
  void aConversationIsForATerminal() {
    assertTrue(run(Cli.piped("x"), "-cnv", "-p", "hi").refused(2).contains("no terminal"));
    String line = run(Cli.terminal(), "-cnv", "-no-cnv", "-p", "hi").refused(2);
    assertTrue(line.contains("-no-cnv (--raw)"), line);
    String answer = run(Cli.piped(""), "-p", "hi").succeeded();
    assertEquals(answer, run(Cli.piped(""), "-p", "hi", "-st").succeeded());
    assertEquals(answer, run(Cli.piped(""), "-p", "hi", "-cnv", "-st").succeeded());
  }

  @Test
  void aFullContextEndsTheAnswerAndIsTold() {
    Cli.Result result =
        Cli.terminal()
            .run("run", "-m", model, "-c", "64", "-p", "x", "--temp", "0", "--ignore-eos");
    assertTrue(result.err().contains("the context of 64 tokens is full"), result.err());
    assertEquals(0, result.exitCode());
  }

  @Test
  void theSameSeedGivesTheSameTextWhateverTheThreads() {
    List<String> texts = new ArrayList<>();
    for (String threads : List.of("1", "2", "3")) {
      texts.add(
          Cli.terminal()
              .run("-m", model, "-p", "hi", "-n", "24", "-s", "7", "--temp", "1.5", "-t", threads)
              .succeeded());
    }
    assertEquals(texts.get(0), texts.get(1));
    assertEquals(texts.get(0), texts.get(2));
    assertNotEquals(
        texts.get(0),
        Cli.terminal()
            .run("-m", model, "-p", "hi", "-n", "24", "-s", "8", "--temp", "1.5")
            .succeeded());
  }

  @Test
  void samplingOutOfRangeIsRefused() {
    for (String[] option :
        new String[][] {
          {"--temp", "-1"},
          {"--temp", "NaN"},
          {"--top-p", "2"},
          {"--top-k", "-7"},
          {"--min-p", "-0.1"},
          {"--repeat-penalty", "0"},
          {"--samplers", "top_q"},
          {"--logit-bias", "5"},
          {"-l", "256+1"},
          {"-s", "-9"},
          {"--dry-multiplier", "-1"},
          {"-r", ""}
        }) {
      run(Cli.terminal(), "-p", "hi", option[0], option[1]).refused(2);
    }
    String line =
        run(Cli.terminal(), "-p", "hi", "--samplers", "temperature", "--repeat-penalty", "2")
            .refused(2);
    assertTrue(line.contains("--samplers"), line);
  }

  @Test
  void everySamplingOptionIsTaken() {
    run(
            Cli.terminal(),
            "-p",
            "hi",
            "--temperature",
            "0.7",
            "--top-k",
            "9",
            "--top-p",
            "0.9",
            "--min-p",
            "0",
            "--typical",
            "0.9",
            "--repeat-penalty",
            "1.1",
            "--repeat-last-n",
            "-1",
            "--presence-penalty",
            "0.1",
            "--frequency-penalty",
            "0.1",
            "--dry-multiplier",
            "0.8",
            "--dry-base",
            "2",
            "--dry-allowed-length",
            "3",
            "--dry-penalty-last-n",
            "-1",
            "--dry-sequence-breaker",
            "\n",
            "--dry-sequence-breaker",
            ".",
            "-l",
            "3-inf",
            "-l",
            "4+1.5",
            "--samplers",
            "penalties;dry;top_k;typ_p;top_p;min_p;temperature")
        .succeeded();
  }

  @Test
  void aBiasDecidesWhatIsSaid() {
    assertEquals("aaaaaaaa\n", run(Cli.terminal(), "-p", "hi", "-l", "97+1000").succeeded());
  }

  @Test
  void aStopStringIsNotPrinted() {
    Cli.Result result = run(Cli.terminal(), "-p", "hi", "-l", "97+1000", "-r", "aaa");
    assertEquals("", result.succeeded());
    assertTrue(result.err().contains("generation 3 tokens"), result.err());
  }

  @Test
  void theEndOfTheModelMayBeIgnored() {
    String biased = TinyModel.END + "+1000";
    assertEquals("", run(Cli.terminal(), "-p", "hi", "-l", biased).succeeded());
    assertNotEquals("", run(Cli.terminal(), "-p", "hi", "-l", biased, "--ignore-eos").succeeded());
  }

  @Test
  void thinkingIsHidden() throws IOException {
    String template =
        Files.writeString(folder.resolve("think.jinja"), TinyModel.TEMPLATE + "{{ '<think>' }}")
            .toString();
    String[] args = {"-p", "hi", "-l", "97+1000", "--chat-template-file", template};
    assertEquals("aaaaaaaa\n", run(Cli.piped(""), args).succeeded());
    List<String> hiding = new ArrayList<>(List.of(args));
    hiding.add("--hide-thinking");
    assertEquals("", run(Cli.piped(""), hiding.toArray(String[]::new)).succeeded());
    assertEquals("\033[2maaaaaaaa\033[22m\n", run(Cli.terminal(), args).succeeded());
    assertEquals("aaaaaaaa\n", run(Cli.environment(Map.of("NO_COLOR", "1")), args).succeeded());
  }

  @Test
  void aTemplateGetsFurtherVariables() throws IOException {
    String template = "{% if thinking %}{{ raise_exception('it thinks') }}{% endif %}hi";
    String file = Files.writeString(folder.resolve("thinks.jinja"), template).toString();
    String[] off = {"-p", "a", "--chat-template-file", file, "--chat-template-kwargs", ""};
    off[5] = "{\"thinking\": false}";
    run(Cli.terminal(), off).succeeded();
    String[] on = off.clone();
    on[5] = "{\"thinking\": true}";
    assertTrue(run(Cli.terminal(), on).refused(2).contains("it thinks"));
    for (String wrong : List.of("[1]", "{", "{\"thinking\": null}", "{\"messages\": []}")) {
      on[5] = wrong;
      run(Cli.terminal(), on).refused(2);
    }
    String[] raw = {"--raw", "-p", "a", "--chat-template-kwargs", "{}"};
    assertTrue(run(Cli.terminal(), raw).refused(2).contains("--raw uses no chat template"));
  }

  @Test
  void withoutATemplateOnlyPlainTextIsContinued() throws IOException {
    Path plain = TinyModel.create(Files.createDirectory(folder.resolve("plain")));
    Files.writeString(plain.resolve("tokenizer_config.json"), "{\"eos_token\": \"<|im_end|>\"}");
    String[] args = {"-m", plain.toString(), "-p", "hi", "-n", "2", "--temp", "0"};
    assertTrue(Cli.terminal().run(args).refused(2).contains("no chat template"));
    Files.writeString(plain.resolve("chat_template.jinja"), "{% broken");
    Cli.terminal().run(args).refused(4);
    List<String> raw = new ArrayList<>(List.of(args));
    raw.add("-no-cnv");
    Cli.Result result = Cli.terminal().run(raw.toArray(String[]::new));
    assertEquals(0, result.exitCode(), result.err());
    assertTrue(result.err().contains("prompt 2 tokens"), result.err());
  }

  private static Cli.Result run(Cli cli, String... args) {
    List<String> words = new ArrayList<>(List.of("run", "-m", model, "-n", "8", "--temp", "0"));
    if (List.of(args).contains("--temp") || List.of(args).contains("--temperature")) {
      words.subList(words.size() - 2, words.size()).clear();
    }
    words.addAll(List.of(args));
    return cli.run(words.toArray(String[]::new));
  }
}
