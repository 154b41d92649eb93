// SchemaText: reads a JSON schema, and sets how much white space its documents may have.
package dev.gatun.grammar;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.refusal.Refusal;
import java.io.IOException;

/** Refuses with USAGE what is no JSON, no schema, or too costly to compile. */
final class SchemaText {
  /** Levels of objects and arrays; each takes stack of whoever reads them. */
  private static final int DEEPEST = 128;

  /** In a grammar of llguidance's, what a schema stands behind. */
  private static final String EMBEDDED = "%json";

  /** llguidance's own key, for how documents are written. */
  private static final String WRITING = "x-guidance";

  /**
   * Between any two tokens of JSON: a space, or a new line with its indentation. A model that may
   * write white space without end sometimes does.
   */
  private static final String WHITE_SPACE = "\\x20|\\r?\\n[\\x20\\t]{0,40}";

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  static {
    JSON.getFactory()
        .setStreamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build());
  }

  private SchemaText() {}

  /** The schema as llguidance is to read it. */
  static String checked(String schema) {
    try (JsonParser parser = JSON.createParser(schema)) {
      ObjectNode whole = read(parser);
      if (parser.nextToken() != null) {
        throw Refusal.usage("more follows behind the JSON schema's end", "give one schema");
      }
      return whole.toString();
    } catch (IOException e) {
      throw notJson(e);
    }
  }

  /** A grammar in llguidance's notation, whose schemas are checked as any other. */
  static String checkedGrammar(String grammar) {
    StringBuilder checked = new StringBuilder();
    int from = 0;
    for (int at = grammar.indexOf(EMBEDDED); at >= 0; at = grammar.indexOf(EMBEDDED, from)) {
      int start = at + EMBEDDED.length();
      checked.append(grammar, from, start).append(' ');
      try (JsonParser parser = JSON.createParser(grammar.substring(start))) {
        checked.append(read(parser));
        from = start + (int) parser.currentLocation().getCharOffset();
      } catch (IOException e) {
        throw notJson(e);
      }
    }
    return checked.append(grammar, from, grammar.length()).toString();
  }

  private static ObjectNode read(JsonParser parser) throws IOException {
    JsonNode schema = JSON.readTree(parser);
    if (schema == null || !schema.isObject() && !schema.isBoolean()) {
      throw Refusal.usage("the JSON schema is no schema", "give an object, true or false");
    }
    if (schema.has(WRITING)) {
      throw Refusal.usage(
          "the JSON schema has the key \"" + WRITING + "\", which is no keyword of JSON Schema",
          "leave it out");
    }
    SchemaLimits.check(schema);
    SchemaFormats.write(schema);
    ObjectNode whole = JSON.createObjectNode();
    whole.putObject(WRITING).put("whitespace_pattern", WHITE_SPACE);
    if (schema instanceof ObjectNode keys) {
      whole.setAll(keys);
    } else {
      whole.putArray("allOf").add(schema);
    }
    return whole;
  }

  private static Refusal notJson(IOException e) {
    String found =
        e instanceof JsonProcessingException json ? json.getOriginalMessage() : e.getMessage();
    return Refusal.usage("the JSON schema is not JSON: " + found, "correct it");
  }
}
