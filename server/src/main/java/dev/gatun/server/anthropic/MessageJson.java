// MessageJson: an answer as Anthropic's interface writes it.
package dev.gatun.server.anthropic;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.chat.Answer;
import dev.gatun.chat.FinishReason;
import dev.gatun.chat.Usage;
import dev.gatun.server.Json;

/**
 * @param id of the message
 * @param model the name that answers say
 */
record MessageJson(String id, String model) {
  ObjectNode whole(ArrayNode content, Answer answer) {
    ObjectNode message = message(content);
    message.setAll(ending(answer));
    message.set("usage", usage(answer.usage()));
    return message;
  }

  /** The event that opens a stream; what of the prompt is in the cache is told at the end. */
  ObjectNode start(int promptTokens) {
    ObjectNode message = message(Json.array());
    message.putNull("stop_reason").putNull("stop_sequence");
    message.set("usage", usage(promptTokens, 0).put("output_tokens", 0));
    ObjectNode event = Json.object().put("type", "message_start");
    event.set("message", message);
    return event;
  }

  /** The event that tells why the answer ended. */
  ObjectNode delta(Answer answer) {
    ObjectNode event = Json.object().put("type", "message_delta");
    event.set("delta", ending(answer));
    event.set("usage", usage(answer.usage()));
    return event;
  }

  private ObjectNode message(ArrayNode content) {
    ObjectNode message =
        Json.object()
            .put("id", id)
            .put("type", "message")
            .put("role", "assistant")
            .put("model", model);
    message.set("content", content);
    return message;
  }

  private static ObjectNode ending(Answer answer) {
    ObjectNode ending = Json.object().put("stop_reason", reason(answer.finish()));
    return ending.put("stop_sequence", answer.stop().orElse(null));
  }

  private static String reason(FinishReason finish) {
    return switch (finish) {
      case END_OF_TEXT, CANCELLED -> "end_turn";
      case STOP_STRING -> "stop_sequence";
      case TOOL_CALLS -> "tool_use";
      case LIMIT -> "max_tokens";
      case CONTEXT_FULL -> "model_context_window_exceeded";
    };
  }

  private static ObjectNode usage(Usage usage) {
    ObjectNode node = usage(usage.promptTokens(), usage.cachedTokens());
    node.put("output_tokens", usage.generatedTokens());
    node.putObject("output_tokens_details").put("thinking_tokens", usage.thinkingTokens());
    return node;
  }

  private static ObjectNode usage(int prompt, int cached) {
    return Json.object()
        .put("input_tokens", prompt - cached)
        .put("cache_creation_input_tokens", 0)
        .put("cache_read_input_tokens", cached);
  }
}
