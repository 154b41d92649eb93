// ResponsesRequest: what POST /v1/responses asks, read and checked.
package dev.gatun.server.openai.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.Gatun;
import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.Message;
import dev.gatun.chat.OutputFormat;
import dev.gatun.chat.ThinkingOptions;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;
import dev.gatun.server.Json;
import dev.gatun.server.generation.Effort;
import dev.gatun.server.generation.Formats;
import dev.gatun.server.generation.SamplingFields;
import dev.gatun.server.generation.ThinkingVariables;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * @param options of the answer but its cancellation
 * @param summarized whether the thinking is told as its own summary
 * @param echo settings that the response repeats
 */
record ResponsesRequest(
    List<Message> messages,
    ChatOptions options,
    boolean stream,
    boolean summarized,
    ObjectNode echo) {

  /**
   * @throws ApiError or Refusal for what cannot be honoured
   */
  static ResponsesRequest read(Fields fields, Gatun model) {
    List<Message> messages = new ArrayList<>();
    fields.text("instructions").map(Message::system).ifPresent(messages::add);
    messages.addAll(InputItems.read(fields.required("input")));
    SamplingFields drawn = new SamplingFields(fields);
    drawn.number("temperature", SamplingOptions::withTemperature);
    drawn.number("top_p", SamplingOptions::withTopP);
    Optional<Fields> reasoning = fields.fields("reasoning");
    ChatOptions options =
        text(fields, thinking(reasoning))
            .withMaxTokens(fields.integer("max_output_tokens", 1, Integer.MAX_VALUE).orElse(-1))
            .withSampling(drawn.checked(model.sampling()))
            .withTools(ResponseTools.read(fields))
            .withTopLogProbs(logProbs(fields));
    boolean summarized =
        reasoning.flatMap(each -> each.word("summary", "auto", "concise", "detailed")).isPresent();
    reasoning.ifPresent(Fields::refuseOthers);
    boolean stream = fields.flag("stream").orElse(false);
    fields.fields("stream_options").ifPresent(each -> streamOptions(each, stream));
    refuseWhatIsNot(fields);
    ObjectNode echo = echo(fields, options.sampling().apply(model.sampling()));
    fields.refuseOthers();
    return new ResponsesRequest(messages, options, stream, summarized, echo);
  }

  private static ChatOptions thinking(Optional<Fields> reasoning) {
    ChatOptions options = ChatOptions.defaults();
    Optional<String> effort = reasoning.flatMap(each -> each.word("effort", Effort.WORDS));
    if (effort.isEmpty()) {
      return options;
    }
    int budget = Effort.tokens(effort.get());
    ChatOptions limited = options.withThinking(ThinkingOptions.defaults().withBudget(budget));
    return budget == 0 ? limited.withVariables(ThinkingVariables.of(false)) : limited;
  }

  /** -1 where none are asked for. */
  private static int logProbs(Fields fields) {
    boolean wanted = false;
    for (JsonNode word : fields.array("include").orElseGet(Json::array)) {
      switch (word.asText()) {
        case "message.output_text.logprobs" -> wanted = true;
        case "reasoning.encrypted_content" -> {} // the item's plain text comes back in its place
        default ->
            throw ApiError.invalid("include", "include has " + word + ", which is not supported");
      }
    }
    int top = fields.integer("top_logprobs", 0, ChatOptions.MOST_LOG_PROBS).orElse(0);
    return wanted || top > 0 ? top : -1;
  }

  private static ChatOptions text(Fields fields, ChatOptions options) {
    Optional<Fields> text = fields.fields("text");
    Optional<OutputFormat> format = text.flatMap(each -> each.fields("format")).map(Formats::read);
    text.ifPresent(
        each -> {
          each.word("verbosity", "medium");
          each.refuseOthers();
        });
    return format.map(options::withFormat).orElse(options);
  }

  private static void streamOptions(Fields options, boolean stream) {
    if (!stream) {
      throw ApiError.invalid("stream_options", "stream_options needs stream: true");
    }
    options.flag("include_obfuscation"); // pads pieces against listeners; loopback has none
    options.refuseOthers();
  }

  private static void refuseWhatIsNot(Fields fields) {
    BooleanNode no = BooleanNode.FALSE;
    fields.refuseUnless("store", "nothing is stored; send false", no);
    fields.refuseUnless("background", "nothing is stored; stream, or wait", no);
    fields.refuseUnless("previous_response_id", "nothing is stored; send all items as input");
    fields.refuseUnless("conversation", "nothing is stored; send all items as input");
    fields.refuseUnless("prompt", "nothing is stored; send input");
    fields.refuseUnless("max_tool_calls", "tools are the client's to run");
    fields.fields("metadata"); // repeated
    fields.word("truncation", "disabled");
    fields.word("service_tier", "auto", "default");
  }

  private static ObjectNode echo(Fields fields, SamplingOptions drawn) {
    ObjectNode echo = Json.object();
    echo.put("temperature", drawn.temperature()).put("top_p", drawn.truncation().topP());
    echo.put("store", false).put("background", false).put("truncation", "disabled");
    echo.put("service_tier", "default").putNull("previous_response_id");
    for (String name : List.of("instructions", "max_output_tokens", "max_tool_calls")) {
      echo.set(name, fields.node(name).orElse(Json.object().nullNode()));
    }
    Map.of(
            "tools", Json.array(),
            "tool_choice", Json.object().textNode("auto"),
            "parallel_tool_calls", BooleanNode.TRUE,
            "top_logprobs", Json.object().numberNode(0),
            "metadata", Json.object(),
            "reasoning", Json.object().putNull("effort").putNull("summary"),
            "text", Json.object().set("format", Json.object().put("type", "text")))
        .forEach((name, usual) -> echo.set(name, fields.node(name).orElse((JsonNode) usual)));
    // Names of who asks: they change no answer.
    for (String name : List.of("user", "safety_identifier", "prompt_cache_key")) {
      fields.text(name).ifPresent(value -> echo.put(name, value));
    }
    return echo;
  }
}
