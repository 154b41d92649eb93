// ReplTest: a conversation at a terminal that knows nothing but lines.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.ChatOptions;
import dev.gatun.dialogue.Dialect;
import dev.gatun.dialogue.Dialogue;
import dev.gatun.engine.Engine;
import dev.gatun.load.EngineOptions;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.weights.Checkpoint;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
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
    assertEquals(4, Json.parse(Files.readString(saved), "saved").size());
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
    var json = Json.parse(Files.readString(saved), "saved");
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

  private Said talk(String... lines) throws IOException {
    return talk(Repl.Opening.EMPTY, lines);
  }

  private Said talk(Repl.Opening opening, String... lines) throws IOException {
    Path model = folder.resolve("model");
    if (!Files.exists(model)) {
      TinyModel.create(Files.createDirectory(model));
    }
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
          new Repl(stdio, dialogue, greedy, limits, new StyleArguments(), Optional.empty())
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
