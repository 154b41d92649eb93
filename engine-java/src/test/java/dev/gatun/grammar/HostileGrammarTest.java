// HostileGrammarTest: schemas and grammars that are made to crash, to hang or to fill the memory.
package dev.gatun.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.OutputFormat;
import dev.gatun.chat.OutputFormat.Gbnf;
import dev.gatun.chat.OutputFormat.JsonSchema;
import dev.gatun.chat.OutputFormat.Lark;
import dev.gatun.chat.OutputFormat.Regex;
import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class HostileGrammarTest {
  private static String many(int count, IntFunction<String> part, String between) {
    return IntStream.range(0, count).mapToObj(part).collect(Collectors.joining(between));
  }

  private static String refused(OutputFormat format) {
    Refusal refusal = assertThrows(Refusal.class, () -> Walk.GRAMMARS.compile(format));
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
    assertTrue(refusal.getMessage().length() < 600, refusal.getMessage());
    return refusal.getMessage();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      textBlock =
          """
          {"not": {}}; Unimplemented keys: ["not"]
          {"if": {}, "then": {}}; Unimplemented keys: ["if", "then"]
          {"uniqueItems": true}; ["uniqueItems"]
          {"format": "iri"}; Unknown format: iri
          {"type": "colour"}; Invalid type: colour
          {"oneOf": [{"type": "string"}, {"minLength": 1}]}; oneOf constraints are not supported
          {"pattern": "(?=a)b"}; look-around
          {"pattern": "*"}; regex
          {"$ref": "#"}; NoExtensionBias
          {"$ref": "http://localhost/x"}; http://localhost/x
          {"multipleOf": 123456789}; more than 10000 remainders (123456789)
          {"multipleOf": 1e-300}; multipleOf 1E-300
          {"multipleOf": 0}; multipleOf 0
          {"allOf": [{"multipleOf": 9973}, {"multipleOf": 0.5}, {"multipleOf": 7}]}; remainders
          {"minimum": 1e400}; number out of range
          {"x-guidance": {"lenient": true}}; x-guidance
          {"type": "string", "type": "null"}; Duplicate field 'type'
          {"type":; Unexpected end-of-input
          {} {}; more follows
          [1]; is no schema
          1; is no schema
          false; schema is false
          """)
  void whatIsNotSupportedIsNamed(String schema, String named) {
    String message = refused(new JsonSchema(schema));
    assertTrue(message.contains(named), message);
  }

  @Test
  void anEmptySchemaIsNone() {
    assertTrue(refused(new JsonSchema("")).contains("is no schema"));
  }

  static Stream<OutputFormat> large() {
    return Stream.of(
        new Regex("a".repeat(Source.LONGEST + 1)),
        new Regex("(".repeat(100_000) + "a" + ")".repeat(100_000)),
        new Regex("a\0b"),
        new JsonSchema("{\"items\":".repeat(1000) + "{}" + "}".repeat(1000)),
        new JsonSchema("{\"pattern\":\"" + "(".repeat(10_000) + "a" + ")".repeat(10_000) + "\"}"),
        new JsonSchema("{\"properties\":{" + many(1001, i -> "\"k" + i + "\":{}", ",") + "}}"),
        new JsonSchema(
            "{\"patternProperties\":{" + many(300, i -> "\"^k" + i + "x\":{}", ",") + "}}"),
        new JsonSchema("{\"oneOf\":[" + many(3000, i -> "{\"const\":" + i + "}", ",") + "]}"),
        new JsonSchema(
            "{\"allOf\":[" + many(3000, i -> "{\"pattern\":\"a.*" + i + "\"}", ",") + "]}"),
        new JsonSchema(
            "{\"allOf\":["
                + many(9, i -> "{\"pattern\":\"(a|b)*a(a|b){" + (10 + i) + "}\"}", ",")
                + "]}"),
        new Lark("start: " + "(".repeat(100_000) + "\"a\"" + ")".repeat(100_000)),
        new Lark("start: %json {\"multipleOf\": 123456789}"),
        new Lark("start: %json"),
        new Lark("start: @other"),
        new Lark("start: start"),
        new Gbnf("root ::= root"));
  }

  @ParameterizedTest
  @MethodSource("large")
  void whatIsTooLargeIsRefused(OutputFormat format) {
    refused(format);
  }

  static Stream<OutputFormat> awkward() {
    return Stream.of(
        new Regex("(a|b)*a(a|b){25}"),
        new Regex("(.*a.{1000}b){100}"),
        new Regex("((a{1,1000}){1,1000}){1,1000}"),
        new JsonSchema("{\"type\":\"string\",\"maxLength\":100000000}"),
        new JsonSchema("{\"type\":\"array\",\"minItems\":100000000}"),
        new JsonSchema(
            "{\"$defs\":{"
                + many(3000, i -> "\"a" + i + "\":{\"$ref\":\"#/$defs/a" + (i + 1) + "\"}", ",")
                + ",\"a3000\":{\"type\":\"null\"}},\"$ref\":\"#/$defs/a0\"}"),
        new Lark("start: start start | \"a\""),
        new Gbnf(
            "root ::= a0\n"
                + many(2000, i -> "a" + i + " ::= \"x\" a" + (i + 1) + " | \"\"\n", "")
                + "a2000 ::= a0\n"));
  }

  @ParameterizedTest
  @MethodSource("awkward")
  void whatIsOnlyAwkwardIsTaken(OutputFormat format) {
    assertFalse(Walk.takes(format, "{"));
  }

  /** What is wrong with a grammar that refused is not kept. */
  @Test
  void refusalsAreNotCached() {
    int before = Walk.GRAMMARS.cached();
    for (int i = 0; i < 3; i++) {
      refused(new JsonSchema("{\"not\": {}}"));
    }
    assertEquals(before, Walk.GRAMMARS.cached());
  }

  @Test
  void aSchemaWithinAGrammarIsHeldToo() {
    OutputFormat call =
        new Lark(
            "start: \"<call>\" %json {\"items\": {\"const\": 7}, \"type\": \"array\"} \"</call>\"");
    assertTrue(Walk.takes(call, "<call>[7, 7]</call>"));
    for (String text : List.of("<call>[8]</call>", "<call>[7,    7]</call>", "<call>[7]", "[7]")) {
      assertFalse(Walk.takes(call, text), text);
    }
  }

  @Test
  void aMissingLibraryNamesTheScript(@TempDir Path folder) {
    Refusal refusal = Library.attempt(folder.resolve("none.so")).orElseThrow();
    assertEquals(Refusal.Reason.DEVICE, refusal.reason());
    assertTrue(refusal.getMessage().contains("scripts/fetch-grammar"), refusal.getMessage());
  }

  @Test
  void aFileThatIsNoLibraryIsRefused(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("text.so"), "text");
    Refusal refusal = Library.attempt(file).orElseThrow();
    assertTrue(refusal.getMessage().contains("cannot load"), refusal.getMessage());
  }
}
