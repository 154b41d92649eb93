// ParameterTypes: which JSON a tool's parameters are, where a model writes them as plain text.
package dev.gatun.dialogue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Of one tool. Immutable. */
final class ParameterTypes {
  /** Of a tool that nobody knows: all are strings. */
  static final ParameterTypes UNKNOWN = new ParameterTypes(MissingNode.getInstance());

  private static final int MOST_REFERENCES = 16; // one after the other; a schema may go round
  private static final Map<String, String> PYTHON =
      Map.of("True", "true", "False", "false", "None", "null");

  private enum Type {
    STRING,
    NUMBER,
    INTEGER,
    BOOLEAN,
    NULL,
    OBJECT,
    ARRAY;

    /** Whether a value is of this type. */
    boolean holds(JsonNode value) {
      return switch (this) {
        case STRING -> value.isTextual();
        case NUMBER -> value.isNumber();
        case INTEGER -> value.isIntegralNumber();
        case BOOLEAN -> value.isBoolean();
        case NULL -> value.isNull();
        case OBJECT -> value.isObject();
        case ARRAY -> value.isArray();
      };
    }
  }

  private final JsonNode schema;

  private ParameterTypes(JsonNode schema) {
    this.schema = schema;
  }

  /**
   * @param schema JSON Schema of the object of the arguments
   */
  static ParameterTypes of(String schema) {
    return Json.read(schema).map(ParameterTypes::new).orElse(UNKNOWN);
  }

  /** A new value of a parameter. */
  Value value(String parameter) {
    return new Value(types(parameter));
  }

  /** Whether a parameter may be a string; one of unknown type is. */
  boolean mayBeText(String parameter) {
    Set<Type> types = types(parameter);
    return types.isEmpty() || types.contains(Type.STRING);
  }

  private Set<Type> types(String parameter) {
    Set<Type> types = EnumSet.noneOf(Type.class);
    collect(schema.path("properties").path(parameter), types, 0);
    return types;
  }

  private void collect(JsonNode part, Set<Type> types, int references) {
    JsonNode type = part.path("type");
    if (type.isTextual()) {
      add(type, types);
    }
    type.forEach(one -> add(one, types));
    part.path("enum").forEach(value -> addOf(value, types));
    if (part.has("const")) {
      addOf(part.get("const"), types);
    }
    for (String several : new String[] {"anyOf", "oneOf", "allOf"}) {
      part.path(several).forEach(one -> collect(one, types, references + 1));
    }
    String reference = part.path("$ref").asText("");
    if (reference.startsWith("#/") && references < MOST_REFERENCES) {
      collect(schema.at(reference.substring(1)), types, references + 1);
    }
  }

  private static void add(JsonNode name, Set<Type> types) {
    for (Type type : Type.values()) {
      if (type.name().toLowerCase(Locale.ROOT).equals(name.asText())) {
        types.add(type);
      }
    }
  }

  private static void addOf(JsonNode value, Set<Type> types) {
    for (Type type : Type.values()) {
      if (type.holds(value)) {
        types.add(type);
      }
    }
  }

  /** A value while its text comes. */
  static final class Value {
    private final Set<Type> types;
    private final boolean isText; // and nothing else, so that it can go on at once
    private final StringBuilder text = new StringBuilder();
    private boolean begun;

    private Value(Set<Type> types) {
      this.types = types;
      this.isText = types.isEmpty() || types.equals(Set.of(Type.STRING));
    }

    /** What a character adds to the JSON; the line break after the opening tag is no part of it. */
    String push(char c) {
      String opening = begun || !isText ? "" : "\"";
      boolean layout = !begun && c == '\n';
      begun = true;
      if (layout) {
        return opening;
      }
      if (isText) {
        return opening + Json.escaped(String.valueOf(c));
      }
      text.append(c);
      return "";
    }

    /** What is left of a value that is cut off, as it is written. */
    String rest() {
      return text.toString();
    }

    /** The rest of the JSON. */
    String finish() {
      if (isText) {
        return begun ? "\"" : "\"\"";
      }
      String written = text.toString().strip();
      String json = PYTHON.getOrDefault(written, written);
      Optional<JsonNode> value = Json.read(json);
      boolean fits =
          value.isPresent()
              && (types.stream().anyMatch(type -> type != Type.STRING && type.holds(value.get()))
                  || !types.contains(Type.STRING));
      return fits ? json : Json.quoted(text.toString());
    }
  }
}
