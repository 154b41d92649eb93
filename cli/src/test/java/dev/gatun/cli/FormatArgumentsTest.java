// FormatArgumentsTest: the forms of answers that can be asked for.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gatun.chat.OutputFormat;
import dev.gatun.chat.OutputFormat.Gbnf;
import dev.gatun.chat.OutputFormat.JsonObject;
import dev.gatun.chat.OutputFormat.JsonSchema;
import dev.gatun.chat.OutputFormat.Text;
import dev.gatun.refusal.Refusal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class FormatArgumentsTest {
  @TempDir Path folder;

  private static OutputFormat format(String... words) {
    FormatArguments arguments = new FormatArguments();
    new CommandLine(CommandLine.Model.CommandSpec.forAnnotatedObject(arguments))
        .setExpandAtFiles(false)
        .parseArgs(words);
    return arguments.format(
        Cli.piped("piped").stdio(new ByteArrayOutputStream(), new ByteArrayOutputStream()));
  }

  @Test
  void eachOptionIsAForm() throws IOException {
    String file = Files.writeString(folder.resolve("form"), "{}").toString();
    assertEquals(new Text(), format());
    assertEquals(new JsonObject(), format("--json"));
    assertEquals(new JsonSchema("true"), format("--json-schema", "true"));
    assertEquals(new JsonSchema("{}"), format("-j", "@" + file));
    assertEquals(new JsonSchema("{}"), format("-jf", file));
    assertEquals(new JsonSchema("piped"), format("--json-schema-file", "-"));
    assertEquals(new Gbnf("root ::= x"), format("--grammar", "root ::= x"));
    assertEquals(new Gbnf("{}"), format("--grammar-file", file));
  }

  @Test
  void oneAtATime() {
    Refusal refusal = assertThrows(Refusal.class, () -> format("--json", "-j", "{}"));
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
  }

  @Test
  void aFileMustBeThere() {
    assertThrows(Refusal.class, () -> format("-j", "@" + folder.resolve("none")));
  }
}
