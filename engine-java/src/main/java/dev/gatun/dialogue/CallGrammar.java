// CallGrammar: the grammar of an answer that has to call tools, in llguidance's variant of Lark.
package dev.gatun.dialogue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.chat.Tool;
import dev.gatun.chat.ToolOptions;
import dev.gatun.refusal.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Of the text after the thinking: blank lines, and then calls, whose arguments obey the tools'
 * schemas. The markers that are special in a vocabulary are told from their spelling.
 */
final class CallGrammar {
  private final Pattern special;

  /**
   * @param special texts of special tokens
   */
  CallGrammar(Set<String> special) {
    this.special =
        Pattern.compile(special.stream().map(Pattern::quote).collect(Collectors.joining("|")));
  }

  /**
   * A form's texts around calls.
   *
   * @param first before all calls
   * @param between any two; null where an answer has one at most
   * @param last after all calls
   * @param rule that the calls' own need; empty for none
   */
  record Frame(String first, String between, String last, String rule) {}

  /** How a form writes a call, as the body of a rule. */
  interface Body {
    String of(Tool tool, CallGrammar grammar);
  }

  /** The whole grammar. */
  String of(ToolOptions options, Frame frame, Body body) {
    List<Tool> tools =
        options.tools().stream()
            .filter(tool -> options.named().isEmpty() || options.named().get().equals(tool.name()))
            .toList();
    boolean several = options.parallel() && options.named().isEmpty() && frame.between() != null;
    List<String> rules = new ArrayList<>();
    String more = several ? "(" + text(frame.between()) + " call)*" : "";
    rules.add(joined("start: /\\n{0,2}/", text(frame.first()), "call", more, text(frame.last())));
    rules.add(
        IntStream.range(0, tools.size())
            .mapToObj(i -> "call_" + i)
            .collect(Collectors.joining(" | ", "call: ", "")));
    for (int i = 0; i < tools.size(); i++) {
      rules.add("call_" + i + ": " + body.of(tools.get(i), this));
    }
    rules.add(frame.rule());
    return rules.stream()
        .filter(rule -> !rule.isEmpty())
        .collect(Collectors.joining("\n", "", "\n"));
  }

  /** A text, with its special tokens as such; empty for none. */
  String text(String text) {
    List<String> parts = new ArrayList<>();
    int from = 0;
    if (!special.pattern().isEmpty()) {
      Matcher matcher = special.matcher(text);
      while (matcher.find()) {
        parts.add(literal(text.substring(from, matcher.start())));
        parts.add(matcher.group());
        from = matcher.end();
      }
    }
    parts.add(literal(text.substring(from)));
    return joined(parts.toArray(String[]::new));
  }

  /** Parts of a rule in order, the empty ones left out. */
  static String joined(String... parts) {
    return Stream.of(parts).filter(part -> !part.isEmpty()).collect(Collectors.joining(" "));
  }

  // A schema's mark must not stand in a text.
  private static String literal(String text) {
    return text.isEmpty() ? "" : Json.quoted(text).replace("%json", "%\\u006ason");
  }

  /** The object of a tool's arguments. */
  static String arguments(Tool tool) {
    return json(schema(tool).put("type", "object"));
  }

  /** Any JSON that a schema allows. */
  static String json(JsonNode schema) {
    return "%json " + schema;
  }

  static ObjectNode schema(Tool tool) {
    return Json.read(tool.parameters())
        .filter(JsonNode::isObject)
        .map(ObjectNode.class::cast)
        .orElseThrow(
            () ->
                Refusal.usage(
                    "the parameters of tool \"" + tool.name() + "\" are no JSON object",
                    "give a JSON Schema"));
  }
}
