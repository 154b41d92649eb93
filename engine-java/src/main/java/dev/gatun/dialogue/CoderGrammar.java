// CoderGrammar: Qwen3-Coder's calls as rules, each value as its schema wants it.
package dev.gatun.dialogue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.chat.Tool;
import dev.gatun.refusal.Refusal;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** Parameters come in the schema's order. */
final class CoderGrammar {
  /** What a value of plain text cannot be held to. */
  private static final List<String> LIMITS = List.of("pattern", "format", "minLength", "maxLength");

  private static final String END = "\n</parameter>\n";

  /** A text as far as the first closing tag that begins a line. */
  static final String VALUE = "value[lazy]: /(?s:.*)\\n<\\/parameter>/";

  private CoderGrammar() {}

  /**
   * The body of a tool's rule.
   *
   * @throws Refusal USAGE for a text that has to have a pattern, a format or a length
   */
  static String of(Tool tool, CallGrammar grammar) {
    ObjectNode schema = CallGrammar.schema(tool);
    Set<String> required = new HashSet<>();
    schema.path("required").forEach(name -> required.add(name.asText()));
    ParameterTypes types = ParameterTypes.of(tool.parameters());
    String parameters =
        schema.path("properties").properties().stream()
            .map(
                entry -> {
                  String value = value(tool, types, schema, entry, grammar);
                  String all =
                      CallGrammar.joined(
                          grammar.text("<parameter=" + entry.getKey() + ">\n"), value);
                  return required.contains(entry.getKey()) ? all : "(" + all + ")?";
                })
            .collect(Collectors.joining(" "));
    return CallGrammar.joined(
        grammar.text("<tool_call>\n<function=" + tool.name() + ">\n"),
        parameters,
        grammar.text("</function>\n</tool_call>"));
  }

  private static String value(
      Tool tool,
      ParameterTypes types,
      ObjectNode schema,
      Map.Entry<String, JsonNode> parameter,
      CallGrammar grammar) {
    JsonNode wanted = parameter.getValue();
    if (!types.mayBeText(parameter.getKey())) {
      return CallGrammar.joined(json(wanted, schema), grammar.text(END));
    }
    if (wanted.has("enum") || wanted.has("const")) {
      Iterable<JsonNode> values =
          wanted.has("enum") ? wanted.get("enum") : List.of(wanted.get("const"));
      return StreamSupport.stream(values.spliterator(), false)
          .map(value -> value.isTextual() ? value.textValue() : value.toString())
          .map(value -> grammar.text(value + END))
          .collect(Collectors.joining(" | ", "(", ")"));
    }
    for (String limit : LIMITS) {
      if (!wanted.findValues(limit).isEmpty()) {
        throw Refusal.usage(
            "parameter \""
                + parameter.getKey()
                + "\" of tool \""
                + tool.name()
                + "\" has \""
                + limit
                + "\", to which this model's way of writing calls cannot be held",
            "leave it out, or use tool choice AUTO");
      }
    }
    return CallGrammar.joined("value", grammar.text("\n"));
  }

  /** A part of a schema, with what it may refer to. */
  private static String json(JsonNode part, ObjectNode schema) {
    ObjectNode whole = part.deepCopy();
    for (String definitions : List.of("$defs", "definitions")) {
      if (schema.has(definitions)) {
        whole.set(definitions, schema.get(definitions));
      }
    }
    return CallGrammar.json(whole);
  }
}
