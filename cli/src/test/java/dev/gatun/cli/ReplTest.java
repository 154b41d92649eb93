// ReplTest: a conversation at a terminal that knows nothing but lines.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.ChatOptions;
import dev.gatun.device.Device;
import dev.gatun.dialogue.Dialect;
import dev.gatun.dialogue.Dialogue;
import dev.gatun.engine.Engine;
import dev.gatun.load.EngineOptions;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.weights.Checkpoint;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.DumbTerminal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplTest {
  @TempDir Path folder;
  private Optional<String> template = Optional.empty();
  private ChatOptions limits = ChatOptions.defaults().withMaxTokens(6);

  /** What a conversation left on the two streams. */
  private record Said(String out, String err) {}

  @Test
  void aTurnReadsOnlyWhatIsNew() throws IOException {
    Said said = talk("hello there, how are you today?", "and now?");
    List<Integer> read = promptTokens(said.err());
    assertEquals(2, read.size(), said.err());
    // <|im_start|>user\nand now?<|im_end|>\n<|im_start|>assistant\n and the end of the answer
    // before, at most.
    assertTrue(read.get(1) < read.get(0), said.err());
  }

  @Test
  void theCacheChangesNothing() throws IOException {
    Path saved = folder.resolve("c.json");
    Said once = talk("one", "two", "/save " + saved);
    Said twice = talk("other", "/clear", "one", "two");
    assertEquals(lastAnswer(once), lastAnswer(twice));
    assertEquals(4, Json.parse(Files.readString(saved), "saved").get("messages").size());
    Said loaded = talk("/load " + saved, "three");
    assertEquals(lastAnswer(talk("one", "two", "three")), lastAnswer(loaded));
  }

  @Test
  void aFailureIsOneLineAndTheConversationGoesOn() throws IOException {
    Said said =
        talk(
            "x".repeat(600),
            "/set temp hot",
            "/set top-p 7",
            "/load",
            "/nothing",
            "/set temp 0",
            "hi");
    for (String part :
        List.of("the context holds", "'hot'", "top-p 7", "without a file", "no command /nothing")) {
      assertTrue(said.err().contains(part), part + " in " + said.err());
    }
    assertEquals(1, promptTokens(said.err()).size(), said.err());
  }

  @Test
  void commandsAreListedAndStatsAreShown() throws IOException {
    Said said = talk("/help", "/stats", "hi", "/stats", "/system be brief", "/system");
    assertTrue(said.err().contains("/clear"), said.err());
    assertTrue(said.err().contains("context 0 of 256 tokens"), said.err());
    assertTrue(said.err().contains("system message set\nno system message"), said.err());
  }

  @Test
  void aMessageMayHaveSeveralLines() throws IOException {
    Path saved = folder.resolve("c.json");
    talk("one\\", "two", "\"\"\"", "three", "", "four", "\"\"\"", "/save " + saved);
    var json = Json.parse(Files.readString(saved), "saved").get("messages");
    assertEquals("one\ntwo", json.get(0).get("content").textValue());
    assertEquals("three\n\nfour", json.get(2).get("content").textValue());
  }

  @Test
  void aPromptMayBeTheFirstMessage() throws IOException {
    Said typed = talk("one", "two");
    Said given = talk(new Repl.Opening(Optional.of("one"), false), "two");
    assertEquals(typed.out(), given.out());
    assertEquals(2, promptTokens(given.err()).size(), given.err());
  }

  @Test
  void aSingleTurnEndsAfterItsAnswer() throws IOException {
    Said said = talk(new Repl.Opening(Optional.empty(), true), "/stats", "one", "two");
    assertEquals(talk("one").out(), said.out());
    assertEquals(1, promptTokens(said.err()).size(), said.err());
  }

  @Test
  void everyTurnHasTheTemplatesVariables() throws IOException {
    template = Optional.of("{% if thinking %}{{ raise_exception('it thinks') }}{% endif %}hi");
    assertEquals(2, promptTokens(talk("one", "two").err()).size());
    limits = limits.withVariables(Map.of("thinking", true));
    Said said = talk("one", "two");
    assertEquals(3, said.err().split("it thinks", -1).length, said.err());
  }

  /**
   * All that the next answer follows from is in the file; another conversation has other limits.
   */
  @Test
  void aResumedConversationGoesOnAsIfItHadNotEnded() throws IOException {
    Path saved = folder.resolve("c.json");
    String[] set = {
      "/set temp 2",
      "/set seed 9",
      "/set repeat-penalty 1.4",
      "/set dry-multiplier 0.8",
      "/set logit-bias 70-inf",
      "/set samplers penalties;dry;top_k;temperature",
      "/system be brief"
    };
    template = Optional.of(VARIABLE + ordinary());
    limits = ChatOptions.defaults().withMaxTokens(9).withVariables(Map.of("mood", "calm"));
    String whole = lastAnswer(talk(joined(set, "one", "two", "three")));
    talk(joined(set, "one", "two", "/save " + saved));
    limits = ChatOptions.defaults().withMaxTokens(2).withVariables(Map.of("other", 1));
    Said resumed = talk("/load " + saved, "three");
    assertEquals(whole, lastAnswer(resumed));
    assertTrue(whole.length() > 4, whole);
    assertNotEquals(whole, lastAnswer(talk("/load " + saved, "/set seed 10", "three")));
  }

  private static final String VARIABLE = "{% if mood is defined %}{{ mood }}{% endif %}";

  private String ordinary() throws IOException {
    createModel();
    try (Checkpoint checkpoint = Checkpoint.open(folder.resolve("model"))) {
      return checkpoint.chatTemplate().orElseThrow();
    }
  }

  private static String[] joined(String[] first, String... rest) {
    return Stream.concat(Arrays.stream(first), Arrays.stream(rest)).toArray(String[]::new);
  }

  @Test
  void aConversationWithAnotherModelIsRefused() throws IOException {
    Path saved = folder.resolve("c.json");
    talk("one", "/save " + saved);
    String text = Files.readString(saved);
    for (String[] change :
        new String[][] {
          {"\"name\" : \"model\"", "\"name\" : \"QwQ-32B\"", "with QwQ-32B, this is model"},
          {"sha256:", "sha256:0", "with another tokenizer"},
          {"\"version\" : 1", "\"version\" : 2", "is of version 2"},
          {"\"top_k\" : 40", "\"top_k\" : true", "under top_k: true"},
          {"\"seed\" : -1", "\"seed\" : -7", "seed -7 is out of range"}
        }) {
      assertTrue(text.contains(change[0]), text);
      Files.writeString(saved, text.replace(change[0], change[1]));
      Said said = talk("hi", "/load " + saved, "hi");
      assertTrue(said.err().contains(change[2]), said.err());
      assertEquals(2, promptTokens(said.err()).size(), "and the conversation goes on");
    }
    Files.writeString(saved, text.replace("\"gatun\"", "\"theirs\""));
    assertTrue(talk("/load " + saved).err().contains("loaded 2 messages"));
    Files.writeString(saved, text.replace("--kv f16", "--kv q8_0"));
    assertTrue(talk("/load " + saved).err().contains("--kv q8_0"), "told, not refused");
  }

  /** As files were before they held more than messages. */
  @Test
  void anArrayOfMessagesIsReadToo() throws IOException {
    Path saved = folder.resolve("c.json");
    talk("one", "two", "/save " + saved);
    var messages = Json.parse(Files.readString(saved), "saved").get("messages");
    Files.writeString(saved, messages.toString());
    assertEquals(
        lastAnswer(talk("one", "two", "three")), lastAnswer(talk("/load " + saved, "three")));
  }

  /** A process that is killed as soon as it has said that the conversation is saved. */
  @Test
  void killingTheProgramLosesNothingThatWasSaved() throws Exception {
    createModel();
    Path saved = folder.resolve("c.json");
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dgatun.library=" + Device.library(),
                "-cp",
                System.getProperty("java.class.path"),
                ReplProgram.class.getName(),
                folder.resolve("model").toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    Process program = builder.start();
    try (BufferedWriter in = program.outputWriter();
        BufferedReader told = program.inputReader()) {
      in.write("/set temp 2\n/set seed 4\none\ntwo\n/save " + saved + "\n");
      in.flush();
      String line = told.readLine();
      while (line != null && !line.startsWith("saved to")) {
        line = told.readLine();
      }
      assertEquals("saved to " + saved, line);
    } finally {
      program.destroyForcibly().waitFor();
    }
    assertEquals(
        lastAnswer(talk("/set temp 2", "/set seed 4", "one", "two", "three")),
        lastAnswer(talk("/load " + saved, "three")));
  }

  private void createModel() throws IOException {
    Path model = folder.resolve("model");
    if (!Files.exists(model)) {
      TinyModel.create(Files.createDirectory(model));
    }
  }

  private Said talk(String... lines) throws IOException {
    return talk(Repl.Opening.EMPTY, lines);
  }

  private Said talk(Repl.Opening opening, String... lines) throws IOException {
    createModel();
    Path model = folder.resolve("model");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    byte[] input = (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8);
    EngineOptions options = EngineOptions.defaults().withContext(256).withThreads(1);
    try (Checkpoint checkpoint = Checkpoint.open(model);
        Engine engine = Engine.load(checkpoint, options);
        Dialogue dialogue =
            new Dialogue(engine, Dialect.of(checkpoint, template.or(checkpoint::chatTemplate)));
        Terminal terminal =
            new DumbTerminal(new ByteArrayInputStream(input), new ByteArrayOutputStream());
        Prompter prompter = Prompter.on(terminal, Optional.empty())) {
      Stdio stdio = Cli.piped("").stdio(out, err);
      SamplingOptions greedy = SamplingOptions.defaults().withTemperature(0);
      assertEquals(
          0,
          new Repl(
                  stdio,
                  dialogue,
                  checkpoint.name(),
                  greedy,
                  limits,
                  new StyleArguments(),
                  Optional.empty())
              .converse(prompter, opening));
    }
    return new Said(out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private static List<Integer> promptTokens(String err) {
    return Pattern.compile("prompt (\\d+) token")
        .matcher(err)
        .results()
        .map(ReplTest::number)
        .toList();
  }

  private static int number(MatchResult match) {
    return Integer.parseInt(match.group(1));
  }

  private static String lastAnswer(Said said) {
    String[] answers = said.out().split("\n");
    return answers[answers.length - 1];
  }
}
