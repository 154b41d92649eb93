// AnswerBlocks: an answer as blocks of content, and as the events that tell them.
package dev.gatun.server.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.chat.AnswerListener;
import dev.gatun.server.ApiError;
import dev.gatun.server.Json;
import java.nio.charset.StandardCharsets;
import java.util.function.BiConsumer;

/** A block ends where the next begins. For one answer and one thread. */
final class AnswerBlocks implements AnswerListener {
  private final BiConsumer<String, ObjectNode> events;
  private final ArrayNode content = Json.array();
  private final StringBuilder said = new StringBuilder(); // in the block that is open
  private String open = "";

  /**
   * @param events takes each event with its name
   */
  AnswerBlocks(BiConsumer<String, ObjectNode> events) {
    this.events = events;
  }

  /** All blocks, after {@link #finish}. */
  ArrayNode content() {
    return content;
  }

  @Override
  public void thinking(String piece) {
    if (!open.equals("thinking")) {
      begin(block("thinking").put("thinking", "").put("signature", ""));
    }
    say("thinking_delta", "thinking", piece);
  }

  @Override
  public void text(String piece) {
    if (!open.equals("text")) {
      begin(block("text").put("text", ""));
    }
    say("text_delta", "text", piece);
  }

  @Override
  public void toolCall(int index, String id, String name) {
    ObjectNode block = block("tool_use").put("id", id).put("name", name);
    block.putObject("input");
    begin(block);
  }

  @Override
  public void toolArguments(int index, String piece) {
    say("input_json_delta", "partial_json", piece);
  }

  /** No more comes. */
  void finish() {
    if (open.isEmpty()) {
      return;
    }
    ObjectNode block = (ObjectNode) content.get(content.size() - 1);
    switch (open) {
      case "thinking" -> {
        block.put("thinking", said.toString());
        // Who signs is Anthropic; the text stands for itself when it comes back.
        delta(Json.object().put("type", "signature_delta").put("signature", ""));
      }
      case "tool_use" -> block.set("input", input(said.toString()));
      default -> block.put("text", said.toString());
    }
    send("content_block_stop", event("content_block_stop"));
    open = "";
  }

  private void begin(ObjectNode block) {
    finish();
    said.setLength(0);
    open = block.get("type").textValue();
    content.add(block);
    ObjectNode event = event("content_block_start");
    event.set("content_block", block.deepCopy());
    send("content_block_start", event);
  }

  private void say(String type, String field, String piece) {
    said.append(piece);
    delta(Json.object().put("type", type).put(field, piece));
  }

  private void delta(ObjectNode delta) {
    ObjectNode event = event("content_block_delta");
    event.set("delta", delta);
    send("content_block_delta", event);
  }

  /** Arguments are an object here; what the model wrote instead is kept as the text it is. */
  private static JsonNode input(String arguments) {
    if (arguments.isBlank()) {
      return Json.object(); // of a function without any
    }
    try {
      JsonNode input = Json.parse(arguments.getBytes(StandardCharsets.UTF_8));
      if (input.isObject()) {
        return input;
      }
    } catch (ApiError e) {
      // no JSON
    }
    return Json.object().put("invalid_json", arguments);
  }

  private static ObjectNode block(String type) {
    return Json.object().put("type", type);
  }

  private ObjectNode event(String type) {
    return Json.object().put("type", type).put("index", content.size() - 1);
  }

  private void send(String name, ObjectNode event) {
    events.accept(name, event);
  }
}
