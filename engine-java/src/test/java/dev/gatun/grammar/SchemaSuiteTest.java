// SchemaSuiteTest: the public test suite of JSON Schema, token by token.
package dev.gatun.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gatun.chat.OutputFormat.JsonSchema;
import dev.gatun.refusal.Refusal;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/**
 * A schema is refused, or each of its instances is answered right, but for those of {@code
 * differs.tsv}.
 */
class SchemaSuiteTest {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  private final List<String> differing = new ArrayList<>();
  private int right;
  private int refused;

  @Test
  void eachInstanceIsAnsweredRightOrItsSchemaRefused() throws IOException {
    for (String line : lines(new GZIPInputStream(resource("json-schema-suite.jsonl.gz")))) {
      JsonNode group = JSON.readTree(line);
      grammar(group)
          .ifPresentOrElse(
              grammar -> group.get("tests").forEach(test -> answer(group, test, grammar)),
              () -> refused += group.get("tests").size());
    }
    List<String> known =
        lines(resource("differs.tsv")).stream()
            .map(row -> row.substring(0, row.lastIndexOf('\t')))
            .toList();
    assertEquals(
        String.join("\n", new TreeSet<>(known)), String.join("\n", new TreeSet<>(differing)));
    assertEquals(950, right);
    assertEquals(913, refused);
  }

  private Optional<Grammar> grammar(JsonNode group) {
    try {
      return Optional.of(Walk.GRAMMARS.compile(new JsonSchema(group.get("schema").toString())));
    } catch (Refusal refusal) {
      assertEquals(Refusal.Reason.USAGE, refusal.reason());
      assertTrue(refusal.getMessage().contains("is not supported: "), refusal.getMessage());
      return Optional.empty();
    }
  }

  private void answer(JsonNode group, JsonNode test, Grammar grammar) {
    String text = test.get(0).toString();
    boolean valid = test.get(1).booleanValue();
    if (Walk.takes(grammar, text) == valid) {
      right++;
      return;
    }
    String what = group.get("what").textValue();
    differing.add(group.get("file").textValue() + "\t" + what + "\t" + text);
    assertTrue(valid || what.contains("\\S"), () -> what + " takes " + text);
  }

  private static InputStream resource(String name) {
    return SchemaSuiteTest.class.getResourceAsStream("/grammar/" + name);
  }

  private static List<String> lines(InputStream in) throws IOException {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return lines.lines().toList();
    }
  }
}
