// MessageFields: the messages of a chat request.
package dev.gatun.server.openai;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.chat.Message;
import dev.gatun.chat.ToolCall;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;
import dev.gatun.server.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

final class MessageFields {
  private MessageFields() {}

  static List<Message> read(JsonNode messages) {
    if (!messages.isArray() || messages.isEmpty()) {
      throw ApiError.invalid("messages", "messages is no array of one or more; send some");
    }
    List<Message> read = new ArrayList<>(messages.size());
    for (JsonNode message : messages) {
      read.add(message(Fields.of("messages[" + read.size() + "].", message)));
    }
    return read;
  }

  private static Message message(Fields fields) {
    String role = fields.requiredText("role");
    fields.text("name"); // tells speakers of a role apart; templates have no place for it
    Optional<JsonNode> content = fields.node("content");
    String text = content.map(node -> text(fields.path("content"), node)).orElse("");
    Optional<String> reasoning = fields.text("reasoning"); // vLLM's name
    String thinking = fields.text("reasoning_content").or(() -> reasoning).orElse("");
    List<ToolCall> calls = new ArrayList<>();
    if (role.equals("assistant")) {
      fields.node("tool_calls").ifPresent(node -> calls.addAll(calls(fields, node)));
      fields.refuseUnless("refusal", "this server's models send none");
      fields.refuseUnless("audio", "only text is supported");
      fields.refuseUnless("annotations", "only text is supported", Json.array());
    }
    Optional<String> answers =
        role.equals("tool") ? Optional.of(fields.requiredText("tool_call_id")) : Optional.empty();
    if (content.isEmpty() && calls.isEmpty() && thinking.isEmpty()) {
      throw ApiError.invalid(
          fields.path("content"), fields.path("content") + " is missing; it is required");
    }
    fields.refuseOthers();
    // OpenAI renamed the system's role; templates know the old name.
    String known = role.equals("developer") ? "system" : role;
    return new Message(known, text, thinking, calls, answers);
  }

  /** A text, or an array of parts that are texts. */
  private static String text(String path, JsonNode content) {
    if (content.isTextual()) {
      return content.textValue();
    }
    if (!content.isArray()) {
      throw ApiError.invalid(path, path + " is neither text nor an array of parts");
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < content.size(); i++) {
      Fields part = Fields.of(path + "[" + i + "].", content.get(i));
      part.word("type", "text");
      part.required("type");
      text.append(part.requiredText("text"));
      part.node("cache_control"); // what prompts share is always kept
      part.refuseOthers();
    }
    return text.toString();
  }

  private static List<ToolCall> calls(Fields message, JsonNode calls) {
    if (!calls.isArray()) {
      throw ApiError.invalid(message.path("tool_calls"), "tool_calls is no array");
    }
    List<ToolCall> read = new ArrayList<>();
    for (JsonNode call : calls) {
      Fields fields = Fields.of(message.path("tool_calls[" + read.size() + "]."), call);
      fields.node("index");
      if (!fields.text("type").orElse("function").equals("function")) {
        throw ApiError.invalid(fields.path("type"), "only calls of type function are supported");
      }
      Fields function = fields.requiredFields("function");
      read.add(
          new ToolCall(
              fields.requiredText("id"),
              function.requiredText("name"),
              function.text("arguments").orElse("{}")));
      function.refuseOthers();
      fields.refuseOthers();
    }
    return read;
  }
}
