// SchemaText: reads a JSON schema as text, and sets how much white space its documents may have.
package dev.gatun.grammar;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.refusal.Refusal;

final class SchemaText {
  /** Levels of objects and arrays; each takes stack of whoever reads them. */
  private static final int DEEPEST = 128;

  /** llguidance's own key, for how documents are written. */
  private static final String WRITING = "x-guidance";

  /**
   * Between any two tokens of JSON. A space, or a new line with its indentation: a model that may
   * write white space without end sometimes does.
   */
  private static final String WHITE_SPACE = "\\x20|\\r?\\n[\\x20\\t]{0,40}";

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .nodeFactory(JsonNodeFactory.withExactBigDecimals(true))
          .build();

  static {
    JSON.getFactory()
        .setStreamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build());
  }

  private SchemaText() {}

  /** The schema as llguidance is to read it; a refusal where it is no schema. */
  static String checked(String text) {
    JsonNode schema = read(text);
    if (schema.has(WRITING)) {
      throw Refusal.usage(
          "the JSON schema has the key \"" + WRITING + "\", which is no keyword of JSON Schema",
          "leave it out");
    }
    ObjectNode whole = JSON.createObjectNode();
    whole.putObject(WRITING).put("whitespace_pattern", WHITE_SPACE);
    if (schema instanceof ObjectNode keys) {
      whole.setAll(keys);
    } else if (schema.isBoolean()) {
      whole.putArray("allOf").add(schema);
    } else {
      throw Refusal.usage(
          "the JSON schema is "
              + schema.getNodeType().toString().toLowerCase(java.util.Locale.ROOT),
          "give an object, true or false");
    }
    return whole.toString();
  }

  private static JsonNode read(String text) {
    try {
      JsonNode schema = JSON.readTree(text);
      if (schema.isMissingNode()) {
        throw Refusal.usage("the JSON schema is empty", "give an object, true or false");
      }
      return schema;
    } catch (JsonProcessingException e) {
      throw Refusal.usage("the JSON schema is not JSON: " + e.getOriginalMessage(), "correct it");
    }
  }
}
