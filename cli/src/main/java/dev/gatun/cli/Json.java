// Json: reads and writes JSON with limits that hold against documents made to break a reader.
package dev.gatun.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gatun.refusal.Refusal;
import java.io.UncheckedIOException;

final class Json {
  /**
   * Deeper than any conversation or tool schema, and shallow enough for every recursive reader of
   * the tree.
   */
  private static final int MOST_NESTING = 200;

  private static final ObjectMapper MAPPER = mapper();

  private Json() {}

  private static ObjectMapper mapper() {
    JsonMapper mapper =
        JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)
            // Readers differ on which characters beyond ASCII end a line.
            .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
            .build();
    mapper
        .getFactory()
        .setStreamReadConstraints(
            StreamReadConstraints.builder()
                .maxNestingDepth(MOST_NESTING)
                .maxStringLength(TextFile.LIMIT_BYTES)
                .build());
    return mapper;
  }

  /** One JSON value; {@code name} is what the text is called in a refusal. */
  static JsonNode parse(String text, String name) {
    try {
      JsonNode node = MAPPER.readTree(text);
      if (node == null || node.isMissingNode()) {
        throw Refusal.usage(name + " is empty", "give a JSON value");
      }
      return node;
    } catch (JsonProcessingException e) {
      throw Refusal.usage(name + " is not JSON: " + reason(e), "correct it");
    }
  }

  /** An object of one field. */
  static JsonNode object(String field, JsonNode value) {
    return MAPPER.createObjectNode().set(field, value);
  }

  /** {@code value}, made of maps, lists, strings and numbers, on one line. */
  static String line(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@code value} over several lines. */
  static String pretty(Object value) {
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String reason(JsonProcessingException e) {
    String where =
        e.getLocation() == null
            ? ""
            : " (line "
                + e.getLocation().getLineNr()
                + ", column "
                + e.getLocation().getColumnNr()
                + ")";
    return e.getOriginalMessage() + where;
  }
}
