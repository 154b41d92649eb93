// SchemaFormats: the formats of dates and times in a JSON schema, as patterns.
package dev.gatun.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Set;

/**
 * llguidance takes 30 days of February, and a leap second at any minute. These patterns take the
 * days there are and no leap seconds.
 */
final class SchemaFormats {
  private static final String DATE =
      "([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
          + "|02-(0[1-9]|1[0-9]|2[0-8]))"
          + "|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)";

  private static final String CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]";
  private static final String TIME = CLOCK + ":[0-5][0-9](\\.[0-9]{1,9})?([Zz]|[+-]" + CLOCK + ")";

  private static final Map<String, String> PATTERNS =
      Map.of("date", DATE, "time", TIME, "date-time", DATE + "[Tt]" + TIME);

  /** Keywords whose value is a schema, a list of schemas, or names with schemas. */
  private static final Set<String> SCHEMAS =
      Set.of("additionalProperties", "items", "allOf", "anyOf", "oneOf", "prefixItems");

  private static final Set<String> NAMED =
      Set.of("properties", "patternProperties", "$defs", "definitions");

  private SchemaFormats() {}

  /** Writes patterns in place of formats, in the schema and all that it applies. */
  static void write(JsonNode schema) {
    if (schema instanceof ObjectNode keys) {
      writeOne(keys);
      keys.properties().forEach(key -> writeBelow(key.getKey(), key.getValue()));
    } else {
      schema.forEach(SchemaFormats::write); // the cases of a list
    }
  }

  private static void writeBelow(String keyword, JsonNode value) {
    if (SCHEMAS.contains(keyword)) {
      write(value);
    } else if (NAMED.contains(keyword) && value.isObject()) {
      value.forEach(SchemaFormats::write);
    }
  }

  private static void writeOne(ObjectNode schema) {
    String pattern = PATTERNS.get(schema.path("format").asText());
    if (pattern == null) {
      return;
    }
    schema.remove("format");
    if (!schema.has("pattern")) {
      schema.put("pattern", "^(" + pattern + ")$");
    } else {
      schema.withArray("allOf").addObject().put("pattern", "^(" + pattern + ")$");
    }
  }
}
