// Turns: the messages of a request, with calls and their results apart.
package dev.gatun.server.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.chat.Message;
import dev.gatun.chat.ToolCall;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A user's turn with results of tools becomes a turn for each of these, as templates want. */
final class Turns {
  private Turns() {}

  static List<Message> read(JsonNode messages) {
    if (!messages.isArray() || messages.isEmpty()) {
      throw ApiError.invalid("messages", "messages is no array of one or more; send some");
    }
    List<Message> read = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      Fields fields = Fields.of("messages[" + i + "].", messages.get(i));
      String role = fields.requiredText("role");
      JsonNode content = fields.required("content");
      fields.refuseOthers();
      String path = fields.path("content");
      switch (role) {
        case "user" -> read.addAll(user(path, content));
        case "assistant" -> read.add(assistant(path, content));
        default ->
            throw ApiError.invalid(
                fields.path("role"), fields.path("role") + " is none of user, assistant");
      }
    }
    return read;
  }

  private static List<Message> user(String path, JsonNode content) {
    if (content.isTextual()) {
      return List.of(Message.user(content.textValue()));
    }
    List<Message> turns = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    for (Fields block : blocks(path, content)) {
      String type = block.requiredText("type");
      switch (type) {
        case "text" -> text.append(TextBlocks.text(block));
        case "tool_result" -> {
          flush(text, turns);
          turns.add(result(block));
        }
        default -> throw unknown(block, type, "text, tool_result");
      }
    }
    flush(text, turns);
    return turns.isEmpty() ? List.of(Message.user("")) : turns;
  }

  private static void flush(StringBuilder text, List<Message> turns) {
    if (!text.isEmpty()) {
      turns.add(Message.user(text.toString()));
      text.setLength(0);
    }
  }

  private static Message result(Fields block) {
    String id = block.requiredText("tool_use_id");
    String path = block.path("content");
    String text = block.node("content").map(node -> TextBlocks.text(path, node)).orElse("");
    block.node("cache_control"); // what prompts share is always kept
    boolean failed = block.flag("is_error").orElse(false);
    block.refuseOthers();
    return Message.toolResult(id, failed ? "Error: " + text : text); // templates know no failure
  }

  private static Message assistant(String path, JsonNode content) {
    if (content.isTextual()) {
      return Message.assistant(content.textValue());
    }
    StringBuilder text = new StringBuilder();
    StringBuilder thinking = new StringBuilder();
    List<ToolCall> calls = new ArrayList<>();
    for (Fields block : blocks(path, content)) {
      String type = block.requiredText("type");
      switch (type) {
        case "text" -> text.append(TextBlocks.text(block));
        case "thinking" -> {
          thinking.append(block.requiredText("thinking"));
          block.text("signature"); // this server signs nothing
          block.refuseOthers();
        }
        case "tool_use" -> calls.add(call(block));
        default -> throw unknown(block, type, "text, thinking, tool_use");
      }
    }
    return new Message("assistant", text.toString(), thinking.toString(), calls, Optional.empty());
  }

  private static ToolCall call(Fields block) {
    String id = block.requiredText("id");
    String name = block.requiredText("name");
    String arguments = block.requiredFields("input").json();
    block.node("cache_control"); // what prompts share is always kept
    block.node("caller"); // of an answer that is sent back
    block.refuseOthers();
    return new ToolCall(id, name, arguments);
  }

  private static List<Fields> blocks(String path, JsonNode content) {
    if (!content.isArray() || content.isEmpty()) {
      throw ApiError.invalid(path, path + " is neither text nor an array of blocks");
    }
    List<Fields> blocks = new ArrayList<>();
    for (JsonNode block : content) {
      blocks.add(Fields.of(path + "[" + blocks.size() + "].", block));
    }
    return blocks;
  }

  private static ApiError unknown(Fields block, String type, String known) {
    return ApiError.invalid(
        block.path("type"), block.path("type") + " is " + type + "; use one of " + known);
  }
}
