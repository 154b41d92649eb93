// RandomSchemas: JSON schemas drawn at random of the keywords that are supported.
package dev.gatun.grammar;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Random;

/** Each allows some document, and each of its loops may be left at once. */
final class RandomSchemas {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final List<String> PATTERNS =
      List.of("^[a-z]+$", "^(yes|no)$", "x", "^\\d{3}-\\d{2}$", "^a.{0,3}b$", "^[^\"]*$");
  private static final List<String> FORMATS =
      List.of("date", "time", "date-time", "uuid", "ipv4", "duration");

  private final Random random;

  RandomSchemas(long seed) {
    random = new Random(seed);
  }

  ObjectNode next() {
    ObjectNode schema = schema(4);
    if (schema.findValue("$ref") != null) {
      ObjectNode list = schema.putObject("$defs").putObject("list");
      list.put("type", "object");
      list.putObject("properties").set("value", schema(0));
      ArrayNode next = ((ObjectNode) list.get("properties")).putObject("next").putArray("anyOf");
      next.addObject().put("type", "null");
      next.addObject().put("$ref", "#/$defs/list");
      list.putArray("required").add("value").add("next");
      list.put("additionalProperties", false);
    }
    return schema;
  }

  private ObjectNode schema(int depth) {
    ObjectNode schema = JSON.createObjectNode();
    switch (random.nextInt(depth > 0 ? 13 : 7)) {
      case 0 -> string(schema);
      case 1 -> schema.put("type", "string").put("format", one(FORMATS));
      case 2 -> number(schema, random.nextBoolean());
      case 3 -> schema.put("type", random.nextBoolean() ? "boolean" : "null");
      case 4 -> schema.putArray("enum").add("red").add(7).add(true).addNull().addArray().add(1);
      case 5 -> schema.putObject("const").put("kind", one(PATTERNS)).put("at", random.nextInt());
      case 6 -> schema.putArray("type").add("integer").add("null");
      case 7, 8 -> array(schema, depth - 1);
      case 9, 10 -> object(schema, depth - 1);
      case 11 -> {
        ArrayNode cases = schema.putArray(depth == 4 ? "anyOf" : "oneOf");
        cases.addObject().put("type", "boolean");
        cases.add(depth == 4 ? schema(depth - 1) : JSON.createObjectNode().put("type", "integer"));
      }
      default -> {
        if (depth == 4) { // a document of its own needs a schema that ends
          object(schema, depth - 1);
        } else {
          schema.put("$ref", "#/$defs/list");
        }
      }
    }
    return schema;
  }

  private void string(ObjectNode schema) {
    schema.put("type", "string");
    if (random.nextBoolean()) {
      schema.put("pattern", one(PATTERNS));
    } else {
      int least = random.nextInt(4);
      schema.put("minLength", least).put("maxLength", least + random.nextInt(8));
    }
  }

  private void number(ObjectNode schema, boolean whole) {
    schema.put("type", whole ? "integer" : "number");
    int least = random.nextInt(2000) - 1000;
    switch (random.nextInt(4)) {
      case 0 -> schema.put("minimum", least).put("maximum", least + random.nextInt(500));
      case 1 -> schema.put("exclusiveMinimum", least).put("exclusiveMaximum", least + 2);
      case 2 -> schema.put("multipleOf", whole ? 7 : 0.25);
      default -> schema.put("minimum", least);
    }
  }

  private void array(ObjectNode schema, int depth) {
    schema.put("type", "array").set("items", schema(depth));
    int least = random.nextInt(3);
    schema.put("minItems", least).put("maxItems", least + random.nextInt(3));
    if (random.nextInt(3) == 0) {
      schema.putArray("prefixItems").add(schema(0));
    }
  }

  private void object(ObjectNode schema, int depth) {
    schema.put("type", "object");
    ObjectNode properties = schema.putObject("properties");
    ArrayNode required = schema.putArray("required");
    for (int i = random.nextInt(4); i >= 0; i--) {
      String name = "k" + i + (random.nextInt(4) == 0 ? " \"é" : "");
      properties.set(name, schema(depth));
      if (random.nextBoolean()) {
        required.add(name);
      }
    }
    if (random.nextInt(4) > 0) {
      schema.put("additionalProperties", false);
    } else {
      schema.set("additionalProperties", schema(0));
    }
  }

  private String one(List<String> of) {
    return of.get(random.nextInt(of.size()));
  }
}
