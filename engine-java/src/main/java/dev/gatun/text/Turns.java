// Turns: messages and tools as the variables that chat templates read.
package dev.gatun.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gatun.chat.Message;
import dev.gatun.chat.Tool;
import dev.gatun.chat.ToolCall;
import dev.gatun.refusal.Refusal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** The keys are those of OpenAI's interface, for which templates are written. */
final class Turns {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  private static final String CLOSE = "</think>";

  private final Supplier<TemplateTraits> traits;
  private final Map<String, String> names = new HashMap<>(); // of the calls so far, by their ids

  private Turns(Supplier<TemplateTraits> traits) {
    this.traits = traits;
  }

  /**
   * @param traits of the template, asked for where they matter
   * @throws Refusal USAGE for what this template cannot show, with the message's number
   */
  static List<Map<String, Object>> of(List<Message> messages, Supplier<TemplateTraits> traits) {
    Turns turns = new Turns(traits);
    List<Map<String, Object>> all = new ArrayList<>(messages.size());
    for (int i = 0; i < messages.size(); i++) {
      all.add(turns.turn(messages.get(i), "message " + (i + 1)));
    }
    return all;
  }

  /** A tool; the keys of its parameters keep their order. */
  static Map<String, Object> tool(Tool tool) {
    Map<String, Object> function = new LinkedHashMap<>();
    function.put("name", tool.name());
    function.put("description", tool.description());
    String what = "the parameters of tool \"" + tool.name() + "\"";
    function.put("parameters", object(tool.parameters(), what, "give a JSON Schema"));
    return entry("function", function);
  }

  private Map<String, Object> turn(Message message, String where) {
    Map<String, Object> turn = new LinkedHashMap<>();
    turn.put("role", message.role());
    turn.put("content", message.content());
    if (!message.thinking().isEmpty()) {
      think(turn, message.thinking());
    }
    if (!message.toolCalls().isEmpty()) {
      call(turn, message.toolCalls(), where);
    }
    message.toolCallId().ifPresent(id -> result(turn, id, where));
    return turn;
  }

  // A template without a place for thinking does not show it.
  private void think(Map<String, Object> turn, String thinking) {
    switch (traits.get().thinking()) {
      case FIELD -> turn.put("reasoning_content", thinking);
      case TAGS ->
          turn.put("content", "<think>\n" + thinking + "\n" + CLOSE + "\n\n" + turn.get("content"));
      case NONE -> {}
    }
  }

  private void call(Map<String, Object> turn, List<ToolCall> calls, String where) {
    TemplateTraits.Calls style =
        traits
            .get()
            .calls()
            .orElseThrow(
                () ->
                    Refusal.usage(
                        where + " calls tools, and the chat template shows no calls",
                        "give a template with tools (--chat-template-file,"
                            + " GatunOptions.withChatTemplate)"));
    if (style.insteadOfContent()) {
      String content = (String) turn.get("content");
      int thought = content.lastIndexOf(CLOSE);
      if (!content.substring(thought < 0 ? 0 : thought + CLOSE.length()).isBlank()) {
        throw Refusal.usage(
            where + " has text beside tool calls, and the chat template shows only one of them",
            "leave the text out, or give another template");
      }
      turn.put("content", null);
    }
    turn.put("tool_calls", calls.stream().map(call -> entry(call, style, where)).toList());
  }

  private Map<String, Object> entry(ToolCall call, TemplateTraits.Calls style, String where) {
    names.put(call.id(), call.name());
    String what = "the arguments of \"" + call.name() + "\" in " + where;
    Map<String, Object> arguments =
        object(call.arguments(), what, "give the JSON text of an object");
    Map<String, Object> function = new LinkedHashMap<>();
    function.put("name", call.name());
    function.put("arguments", style.textArguments() ? call.arguments() : arguments);
    Map<String, Object> entry = entry("function", function);
    entry.put("id", call.id());
    return entry;
  }

  private void result(Map<String, Object> turn, String id, String where) {
    String name = names.get(id);
    if (name == null) {
      throw Refusal.usage(
          where + " answers tool call \"" + id + "\", which no message before it has",
          "give the assistant's message with that call");
    }
    turn.put("tool_call_id", id);
    turn.put("name", name);
  }

  private static Map<String, Object> entry(String type, Map<String, Object> function) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("type", type);
    entry.put(type, function);
    return entry;
  }

  private static Map<String, Object> object(String text, String what, String remedy) {
    JsonNode node;
    try {
      node = JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw Refusal.usage(what + " are no JSON: " + e.getOriginalMessage(), remedy);
    }
    if (!node.isObject()) {
      throw Refusal.usage(what + " are no JSON object", remedy);
    }
    return ChatTemplate.variables(node);
  }
}
