// TextCommandsTest: tokenize, render and show, on files good and bad.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextCommandsTest {
  @TempDir Path folder;
  private String model;

  @BeforeEach
  void tokenizerOnly() throws IOException {
    model = TinyModel.tokenizer(Files.createDirectory(folder.resolve("model"))).toString();
  }

  @Test
  void tokensOfATextAFileAndStandardInput() throws IOException {
    String file = Files.writeString(folder.resolve("t.txt"), "a\n").toString();
    assertEquals(
        "[97,10]\n", terminal("tokenize", "-m", model, "--file", file, "--json").succeeded());
    assertEquals("[97]\n", terminal("tokenize", "-m", model, "--text", "a", "--json").succeeded());
    assertEquals("[97,10]\n", Cli.piped("a\n").run("tokenize", "-m", model, "--json").succeeded());
    assertEquals(
        "     97  \"a\"\n     10  \"\\n\"\n",
        Cli.piped("a\n").run("tokenize", "-m", model).succeeded());
  }

  @Test
  void specialTokensAreTextUnlessAskedFor() {
    String[] args = {"tokenize", "-m", model, "--text", "<|im_end|>", "--json"};
    assertEquals("[60,124,105,109,95,101,110,100,124,62]\n", terminal(args).succeeded());
    String[] special = {"tokenize", "-m", model, "--text", "<|im_end|>", "--json", "--special"};
    assertEquals("[130]\n", terminal(special).succeeded());
  }

  @Test
  void linesAreEncodedAsHuggingFaceDoes() {
    Cli cli = Cli.piped("{\"text\": \"<|im_end|>\\n\"}\n\n{\"text\": \"\", \"ids\": [1]}");
    String expected =
        "{\"ids\":[130,10],\"decoded\":\"<|im_end|>\\n\"}\n{\"ids\":[],\"decoded\":\"\"}\n";
    assertEquals(expected, cli.run("tokenize", "-m", model, "--jsonl", "-").succeeded());
    assertEquals(
        expected, cli.run("tokenize", "-m", model, "--special", "--jsonl", "-").succeeded());
  }

  @Test
  void aBadLineIsNamed() {
    assertNamed("{\"text\": \"a\"", "line 1 of standard input is not JSON");
    assertNamed("\n[1]", "line 2 of standard input has no text");
    assertNamed("{\"text\": \"\\ud800\"}", "surrogate");
    assertNamed("[".repeat(100_000), "nesting depth");
  }

  private void assertNamed(String input, String part) {
    String line = Cli.piped(input).run("tokenize", "-m", model, "--jsonl", "-").refused(2);
    assertTrue(line.contains(part), line);
  }

  @Test
  void bytesThatAreNoTextAreRefusedByTheirOffset() throws IOException {
    Path file =
        Files.write(folder.resolve("latin1.txt"), new byte[] {'n', 'a', (byte) 0xEF, 'v', 'e'});
    String line = terminal("tokenize", "-m", model, "--file", file.toString()).refused(2);
    assertTrue(line.contains("byte 0xef at offset 2"), line);
    assertTrue(line.contains("iconv"), line);
  }

  @Test
  void filesThatAreNoneAreRefused() {
    String missing = folder.resolve("none.txt").toString();
    assertTrue(
        terminal("tokenize", "-m", model, "--file", missing).refused(2).contains("no such file"));
    assertTrue(
        terminal("tokenize", "-m", model, "--file", model).refused(2).contains("is a folder"));
    assertTrue(terminal("tokenize", "-m", model).refused(2).contains("no text is given"));
    String line = terminal("tokenize", "-m", model, "--file", "a", "--text", "b").refused(2);
    assertTrue(line.contains("keep one"), line);
  }

  @Test
  void messagesAreRenderedExactly() {
    String expected = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n";
    Cli array = Cli.piped("[{\"role\": \"user\", \"content\": \"hi\"}]");
    assertEquals(expected, array.run("render", "-m", model, "--messages", "-").succeeded());
    Cli object =
        Cli.piped(
            "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}], \"add_generation_prompt\":"
                + " false}");
    assertEquals(
        "<|im_start|>user\nhi<|im_end|>\n",
        object.run("render", "-m", model, "--messages", "-").succeeded());
  }

  @Test
  void toolsAreNoneInAConversationAndUndefinedInALine() throws IOException {
    String template =
        Files.writeString(folder.resolve("t.jinja"), "{{ tools is defined }} {{ tools is none }}")
            .toString();
    Cli messages = Cli.piped("[]");
    assertEquals(
        "True True", messages.run("render", "--template", template, "--messages", "-").succeeded());
    Cli lines = Cli.piped("{\"context\": {\"messages\": []}}");
    assertEquals(
        "{\"rendered\":\"False False\"}\n",
        lines.run("render", "--template", template, "--jsonl", "-").succeeded());
  }

  @Test
  void aTemplatesRefusalIsALineOfJsonOrTheExitCode() throws IOException {
    String template =
        Files.writeString(folder.resolve("t.jinja"), "{{ raise_exception('no roles') }}")
            .toString();
    Cli lines = Cli.piped("{\"context\": {}}\n{\"context\": {}}");
    assertEquals(
        "{\"error\":\"no roles\"}\n".repeat(2),
        lines.run("render", "--template", template, "--jsonl", "-").succeeded());
    String line =
        Cli.piped("[]").run("render", "--template", template, "--messages", "-").refused(2);
    assertTrue(line.contains("no roles"), line);
  }

  @Test
  void whatIsNoConversationIsRefused() {
    assertTrue(
        Cli.piped("7").run("render", "-m", model, "--messages", "-").refused(2).contains("JSON"));
    assertTrue(
        Cli.piped("")
            .run("render", "-m", model, "--messages", "-")
            .refused(2)
            .contains("is empty"));
    assertTrue(
        Cli.piped("{}")
            .run("render", "-m", model, "--jsonl", "-")
            .refused(2)
            .contains("\"context\""));
    assertTrue(terminal("render", "-m", model).refused(2).contains("--messages"));
  }

  @Test
  void aCheckpointIsShown() throws IOException {
    String checkpoint = TinyModel.create(Files.createDirectory(folder.resolve("whole"))).toString();
    String text = terminal("show", "-m", checkpoint).succeeded();
    assertTrue(text.matches("(?s).*architecture +llama\n.*"), text);
    assertTrue(text.contains("model.embed_tokens.weight"), text);
    var json = Json.parse(terminal("show", "-m", checkpoint, "--json").succeeded(), "show");
    assertEquals("llama", json.get("architecture").textValue());
    long counted = 0;
    for (var tensor : json.get("tensors")) {
      long count = 1;
      for (var axis : tensor.get("shape")) {
        count *= axis.longValue();
      }
      counted += count;
    }
    assertEquals(counted, json.get("parameters").longValue());
    assertEquals(TinyModel.TEMPLATE, terminal("show", "-m", checkpoint, "--template").succeeded());
  }

  private static Cli.Result terminal(String... args) {
    return Cli.terminal().run(args);
  }
}
