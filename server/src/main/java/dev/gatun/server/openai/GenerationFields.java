// GenerationFields: a request's fields that say how an answer is drawn and what ends it.
package dev.gatun.server.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import dev.gatun.chat.ChatOptions;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.SamplerType;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.DoubleFunction;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;

/** OpenAI's names, and llama.cpp's and vLLM's for what OpenAI has not. */
final class GenerationFields {
  /** Most answers of one request. */
  static final int MOST_CHOICES = 64;

  private static final int MOST_STOPS = 32;
  private static final float BANNED = -100; // OpenAI's word for never

  private final Fields fields;
  private final SamplingOptions defaults;
  private ChatOptions options = ChatOptions.defaults();

  private GenerationFields(Fields fields, SamplingOptions defaults) {
    this.fields = fields;
    this.defaults = defaults;
  }

  /**
   * @param defaults the model's own settings
   * @throws ApiError or Refusal for a value that cannot be honoured
   */
  static ChatOptions read(Fields fields, SamplingOptions defaults) {
    GenerationFields reader = new GenerationFields(fields, defaults);
    reader.sampling();
    reader.ending();
    reader.refuseWhatIsNot();
    return reader.options;
  }

  /** How many answers are asked for. */
  static int choices(Fields fields) {
    return fields.integer("n", 1, MOST_CHOICES).orElse(1);
  }

  private void sampling() {
    number("temperature", value -> options -> options.withTemperature(value));
    number("top_p", value -> options -> options.withTopP(value));
    number("min_p", value -> options -> options.withMinP(value));
    number("typical_p", value -> options -> options.withTypicalP(value));
    number("presence_penalty", value -> options -> options.withPresencePenalty(value));
    number("frequency_penalty", value -> options -> options.withFrequencyPenalty(value));
    number("repeat_penalty", value -> options -> options.withRepeatPenalty(value));
    number("repetition_penalty", value -> options -> options.withRepeatPenalty(value));
    integer("top_k", value -> options -> options.withTopK(value));
    integer("repeat_last_n", value -> options -> options.withRepeatLastN(value));
    fields.integer("seed").ifPresent(value -> options = options.withSeed(value));
    fields.node("logit_bias").ifPresent(node -> change(drawn -> drawn.withLogitBias(bias(node))));
    fields
        .text("samplers")
        .ifPresent(chain -> change(drawn -> drawn.withSamplers(SamplerType.parse(chain))));
    options.sampling().apply(defaults); // what is out of range is told before an answer begins
  }

  private void ending() {
    OptionalInt most = fields.integer("max_completion_tokens", -1, Integer.MAX_VALUE);
    OptionalInt older = fields.integer("max_tokens", -1, Integer.MAX_VALUE);
    if (most.isPresent() && older.isPresent() && most.getAsInt() != older.getAsInt()) {
      throw ApiError.invalid("max_tokens", "max_completion_tokens and max_tokens differ; send one");
    }
    int tokens = most.orElse(older.orElse(-1));
    if (tokens == 0) {
      throw ApiError.invalid("max_tokens", "an answer of 0 tokens; send 1 or more");
    }
    options =
        options
            .withMaxTokens(tokens)
            .withStops(stops().toArray(String[]::new))
            .withIgnoredEnd(fields.flag("ignore_eos").orElse(false));
  }

  private List<String> stops() {
    List<String> stops = new ArrayList<>();
    fields
        .node("stop")
        .ifPresent(
            node -> {
              List<JsonNode> texts = new ArrayList<>();
              if (node.isArray()) {
                node.forEach(texts::add);
              } else {
                texts.add(node);
              }
              for (JsonNode text : texts) {
                if (!text.isTextual() || text.textValue().isEmpty()) {
                  throw ApiError.invalid("stop", "stop holds what is no text; send texts");
                }
                stops.add(text.textValue());
              }
            });
    if (stops.size() > MOST_STOPS) {
      throw ApiError.invalid("stop", stops.size() + " stop texts; send " + MOST_STOPS + " at most");
    }
    return stops;
  }

  /** {@code {"50256": -100}}. */
  private static Map<Integer, Float> bias(JsonNode node) {
    Map<Integer, Float> bias = new HashMap<>();
    if (!node.isObject()) {
      throw ApiError.invalid("logit_bias", "logit_bias is no object of token ids; send one");
    }
    node.properties()
        .forEach(
            entry -> {
              if (!entry.getKey().matches("\\d{1,9}") || !entry.getValue().isNumber()) {
                throw ApiError.invalid(
                    "logit_bias", "logit_bias holds what is no token id with a number");
              }
              float value = entry.getValue().floatValue();
              bias.put(
                  Integer.parseInt(entry.getKey()),
                  value <= BANNED ? Float.NEGATIVE_INFINITY : value);
            });
    return bias;
  }

  /** What OpenAI's interface has and this server does nothing about. */
  private void refuseWhatIsNot() {
    BooleanNode no = BooleanNode.FALSE;
    fields.refuseUnless("store", "nothing is stored", no);
    fields.refuseUnless("best_of", "send n", IntNode.valueOf(choices(fields)));
    fields.refuseUnless("timings_per_token", "timings come at the end", no);
    fields.refuseUnless("return_progress", "there is no such event", no);
    fields.refuseUnless("cache_prompt", "what prompts share is always kept", BooleanNode.TRUE);
    // Names of who asks and why: they change no answer.
    fields.node("user");
    fields.node("metadata");
    fields.node("safety_identifier");
    fields.node("prompt_cache_key");
    fields.node("service_tier");
  }

  private void number(String name, DoubleFunction<UnaryOperator<SamplingOptions>> change) {
    OptionalDouble value = fields.number(name);
    if (value.isPresent()) {
      change(name, change.apply(value.getAsDouble()));
    }
  }

  private void integer(String name, IntFunction<UnaryOperator<SamplingOptions>> change) {
    OptionalInt value = fields.integer(name, -1, Integer.MAX_VALUE);
    if (value.isPresent()) {
      change(name, change.apply(value.getAsInt()));
    }
  }

  private void change(String name, UnaryOperator<SamplingOptions> change) {
    try {
      change.apply(SamplingOptions.defaults());
    } catch (Refusal refusal) {
      throw ApiError.invalid(fields.path(name), refusal.getMessage());
    }
    change(change);
  }

  private void change(UnaryOperator<SamplingOptions> change) {
    options = options.withSampling(change);
  }
}
