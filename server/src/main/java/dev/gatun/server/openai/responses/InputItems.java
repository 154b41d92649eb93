// InputItems: the input of a response as messages.
package dev.gatun.server.openai.responses;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.chat.Message;
import dev.gatun.chat.ToolCall;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;
import dev.gatun.server.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What an assistant thought, said and called one after another is one turn of its. */
final class InputItems {
  private final List<Message> messages = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private final StringBuilder thinking = new StringBuilder();
  private final List<ToolCall> calls = new ArrayList<>();

  private InputItems() {}

  /** Of a text, or an array of items. */
  static List<Message> read(JsonNode input) {
    if (input.isTextual()) {
      return List.of(Message.user(input.textValue()));
    }
    if (!input.isArray() || input.isEmpty()) {
      throw ApiError.invalid("input", "input is neither text nor an array of items");
    }
    InputItems items = new InputItems();
    for (int i = 0; i < input.size(); i++) {
      items.item(Fields.of("input[" + i + "].", input.get(i)));
    }
    items.flush();
    return items.messages;
  }

  private void item(Fields fields) {
    fields.node("id"); // of items that come back
    fields.node("status");
    switch (fields.text("type").orElse("message")) {
      case "message" -> message(fields);
      case "reasoning" -> reasoning(fields);
      case "function_call" ->
          calls.add(
              new ToolCall(
                  fields.requiredText("call_id"),
                  fields.requiredText("name"),
                  fields.requiredText("arguments")));
      case "function_call_output" -> {
        flush();
        String path = fields.path("output");
        String output = parts(path, fields.required("output"), "input_text");
        messages.add(Message.toolResult(fields.requiredText("call_id"), output));
      }
      default ->
          throw ApiError.invalid(
              fields.path("type"),
              fields.path("type")
                  + " is none of message, reasoning, function_call, function_call_output");
    }
    fields.refuseOthers();
  }

  private void message(Fields fields) {
    String path = fields.path("content");
    String role = fields.requiredText("role");
    if (role.equals("assistant")) {
      fields.node("phase"); // of messages that come back
      text.append(parts(path, fields.required("content"), "output_text"));
      return;
    }
    flush();
    String content = parts(path, fields.required("content"), "input_text");
    switch (role) {
      case "user" -> messages.add(Message.user(content));
      // OpenAI renamed the system's role; templates know the old name.
      case "system", "developer" -> messages.add(Message.system(content));
      default ->
          throw ApiError.invalid(
              fields.path("role"),
              fields.path("role") + " is none of user, assistant, system, developer");
    }
  }

  private void reasoning(Fields fields) {
    String summary =
        parts(fields.path("summary"), fields.node("summary").orElse(Json.array()), "summary_text");
    String content =
        parts(
            fields.path("content"), fields.node("content").orElse(Json.array()), "reasoning_text");
    fields.refuseUnless("encrypted_content", "this server's items are plain");
    thinking.append(content.isEmpty() ? summary : content);
  }

  private void flush() {
    if (!text.isEmpty() || !thinking.isEmpty() || !calls.isEmpty()) {
      messages.add(
          new Message("assistant", text.toString(), thinking.toString(), calls, Optional.empty()));
    }
    text.setLength(0);
    thinking.setLength(0);
    calls.clear();
  }

  /** Of a text, or an array of parts of one type. */
  private static String parts(String path, JsonNode content, String type) {
    if (content.isTextual()) {
      return content.textValue();
    }
    if (!content.isArray()) {
      throw ApiError.invalid(path, path + " is neither text nor an array of parts");
    }
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < content.size(); i++) {
      Fields part = Fields.of(path + "[" + i + "].", content.get(i));
      String found = part.requiredText("type");
      if (!found.equals(type) && !found.equals("text")) {
        throw ApiError.invalid(
            part.path("type"),
            part.path("type") + " is " + found + "; only " + type + " is supported");
      }
      all.append(part.requiredText("text"));
      part.node("annotations"); // of parts that come back
      part.node("logprobs");
      part.refuseOthers();
    }
    return all.toString();
  }
}
