// ParameterTypesTest: plain text becomes the JSON that a parameter's schema asks for.
package dev.gatun.dialogue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ParameterTypesTest {
  private static ParameterTypes types(String schema) {
    return ParameterTypes.of(
        "{\"properties\":{\"p\":"
            + schema
            + "},\"$defs\":{\"n\":{\"type\":\"integer\"},\"o\":{\"$ref\":\"#/$defs/o\"}}}");
  }

  private static String json(String schema, String text) {
    ParameterTypes.Value value = types(schema).value("p");
    StringBuilder json = new StringBuilder();
    text.chars().forEach(c -> json.append(value.push((char) c)));
    return json.append(value.finish()).toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      value = {
        "{\"type\":\"string\"} | 3 | \"3\"",
        "{\"type\":\"string\"} | null | \"null\"",
        "{} | 3 | \"3\"",
        "true | 3 | \"3\"",
        "{\"type\":\"integer\"} | 3 | 3",
        "{\"type\":\"integer\"} | 3.50 | 3.50",
        "{\"type\":\"integer\"} | three | \"three\"",
        "{\"type\":\"boolean\"} | True | true",
        "{\"type\":\"boolean\"} | false | false",
        "{\"type\":[\"string\",\"null\"]} | None | null",
        "{\"type\":[\"string\",\"integer\"]} | 12 | 12",
        "{\"type\":[\"string\",\"integer\"]} | 12.5 | \"12.5\"",
        "{\"anyOf\":[{\"type\":\"array\"},{\"type\":\"string\"}]} | [1, {}] | [1, {}]",
        "{\"anyOf\":[{\"type\":\"array\"},{\"type\":\"string\"}]} | [1, | \"[1,\"",
        "{\"enum\":[1, 2]} | 2 | 2",
        "{\"enum\":[\"1\", \"2\"]} | 2 | \"2\"",
        "{\"const\":null} | null | null",
        "{\"$ref\":\"#/$defs/n\"} | 4 | 4",
        "{\"$ref\":\"#/$defs/o\"} | 4 | \"4\"",
        "{\"type\":\"object\"} | {\"a\": 1} | {\"a\": 1}",
      })
  void textIsReadAsTheSchemaSays(String schema, String text, String expected) {
    assertEquals(expected, json(schema, text));
  }

  @Test
  void oneLineBreakAfterTheTagIsLayout() {
    assertEquals("\"a\"", json("{}", "\na"));
    assertEquals("\"\\na\"", json("{}", "\n\na"));
    assertEquals("\"\"", json("{}", ""));
    assertEquals("\"\"", json("{}", "\n"));
    assertEquals("7", json("{\"type\":\"integer\"}", "\n 7 "));
  }

  @Test
  void onlyWhatMayBeAStringIsText() {
    assertTrue(types("{}").mayBeText("p"));
    assertTrue(types("{}").mayBeText("other"));
    assertTrue(types("{\"type\":[\"string\",\"null\"]}").mayBeText("p"));
    assertFalse(types("{\"type\":\"integer\"}").mayBeText("p"));
    assertTrue(ParameterTypes.of("no schema").mayBeText("p"));
  }
}
