// ChatRequest: what POST /v1/chat/completions asks, read and checked.
package dev.gatun.server.openai;

import com.fasterxml.jackson.databind.node.TextNode;
import dev.gatun.Gatun;
import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.Message;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;
import dev.gatun.server.Json;
import dev.gatun.server.generation.ThinkingVariables;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * @param options of each answer but its seed and cancellation
 * @param choices answers asked for
 * @param usageAtEnd whether a stream ends with a piece that has the usage
 * @param thinkingInContent whether thoughts are part of the content
 */
record ChatRequest(
    List<Message> messages,
    ChatOptions options,
    int choices,
    boolean stream,
    boolean usageAtEnd,
    boolean thinkingInContent) {

  /**
   * @throws ApiError or Refusal for what cannot be honoured
   */
  static ChatRequest read(Fields fields, Gatun model) {
    List<Message> messages = MessageFields.read(fields.required("messages"));
    ThinkingFields thinking = ThinkingFields.read(fields);
    ChatOptions options =
        GenerationFields.read(fields, model.sampling(), mostTokens(fields))
            .withThinking(thinking.options())
            .withTools(ToolFields.read(fields))
            .withTopLogProbs(logProbs(fields))
            .withVariables(variables(fields, thinking.off()));
    boolean stream = fields.flag("stream").orElse(false);
    boolean usageAtEnd = GenerationFields.usageAtEnd(fields, stream);
    fields.refuseUnless("modalities", "only text", Json.array().add("text"));
    fields.refuseUnless("audio", "only text is supported");
    fields.refuseUnless("prediction", "the model predicts by itself");
    fields.refuseUnless("web_search_options", "the server reaches no network");
    fields.refuseUnless(
        "verbosity", "say in the prompt how long to be", TextNode.valueOf("medium"));
    int choices = GenerationFields.choices(fields);
    fields.refuseOthers();
    return new ChatRequest(messages, options, choices, stream, usageAtEnd, thinking.inContent());
  }

  private static int logProbs(Fields fields) {
    boolean wanted = fields.flag("logprobs").orElse(false);
    int top = fields.integer("top_logprobs", 0, ChatOptions.MOST_LOG_PROBS).orElse(0);
    if (top > 0 && !wanted) {
      throw ApiError.invalid("top_logprobs", "top_logprobs needs logprobs: true");
    }
    return wanted ? top : -1;
  }

  private static Map<String, Object> variables(Fields fields, boolean thinksNot) {
    Map<String, Object> variables = new HashMap<>();
    if (thinksNot) {
      variables.putAll(ThinkingVariables.of(false));
    }
    fields
        .node("chat_template_kwargs")
        .ifPresent(node -> variables.putAll(TemplateVariables.read(node)));
    return variables;
  }

  private static int mostTokens(Fields fields) {
    OptionalInt most = fields.integer("max_completion_tokens", -1, Integer.MAX_VALUE);
    OptionalInt older = fields.integer("max_tokens", -1, Integer.MAX_VALUE);
    if (most.isPresent() && older.isPresent() && most.getAsInt() != older.getAsInt()) {
      throw ApiError.invalid("max_tokens", "max_completion_tokens and max_tokens differ; send one");
    }
    int tokens = most.orElse(older.orElse(-1));
    if (tokens == 0) {
      throw ApiError.invalid("max_tokens", "an answer of 0 tokens; send 1 or more");
    }
    return tokens;
  }
}
