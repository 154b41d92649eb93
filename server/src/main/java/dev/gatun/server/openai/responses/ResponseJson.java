// ResponseJson: a response as an object.
package dev.gatun.server.openai.responses;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.chat.Answer;
import dev.gatun.chat.FinishReason;
import dev.gatun.chat.Usage;
import dev.gatun.server.ApiError;
import dev.gatun.server.Json;
import java.time.Instant;

/**
 * @param model the name that answers say
 * @param echo the request's settings
 */
record ResponseJson(String id, String model, ObjectNode echo, long created) {
  ResponseJson(String id, String model, ObjectNode echo) {
    this(id, model, echo, Instant.now().getEpochSecond());
  }

  /** An event that has the response as it begins. */
  ObjectNode event() {
    ObjectNode response = object("in_progress", Json.array());
    response.putNull("completed_at").putNull("incomplete_details").putNull("usage");
    return event(response);
  }

  static ObjectNode event(ObjectNode response) {
    ObjectNode event = Json.object();
    event.set("response", response);
    return event;
  }

  /** The event that ends a stream which went wrong. */
  static ObjectNode error(ApiError error) {
    return Json.object()
        .put("code", error.type())
        .put("message", error.getMessage())
        .put("param", error.param().orElse(null));
  }

  /** Whether the answer came to its own end. */
  static boolean isWhole(Answer answer) {
    return answer.finish() != FinishReason.LIMIT && answer.finish() != FinishReason.CONTEXT_FULL;
  }

  ObjectNode ended(ArrayNode output, Answer answer) {
    boolean whole = isWhole(answer);
    ObjectNode response = object(whole ? "completed" : "incomplete", output);
    if (whole) {
      response.put("completed_at", Instant.now().getEpochSecond()).putNull("incomplete_details");
    } else {
      response.putNull("completed_at");
      response.putObject("incomplete_details").put("reason", "max_output_tokens");
    }
    response.set("usage", usage(answer.usage()));
    return response;
  }

  private ObjectNode object(String status, ArrayNode output) {
    ObjectNode response =
        Json.object()
            .put("id", id)
            .put("object", "response")
            .put("created_at", created)
            .put("status", status)
            .put("model", model)
            .putNull("error");
    response.set("output", output);
    return response.setAll(echo);
  }

  private static ObjectNode usage(Usage usage) {
    ObjectNode node = Json.object().put("input_tokens", usage.promptTokens());
    node.putObject("input_tokens_details")
        .put("cached_tokens", usage.cachedTokens())
        .put("cache_write_tokens", 0);
    node.put("output_tokens", usage.generatedTokens());
    node.putObject("output_tokens_details").put("reasoning_tokens", usage.thinkingTokens());
    return node.put("total_tokens", usage.promptTokens() + usage.generatedTokens());
  }
}
