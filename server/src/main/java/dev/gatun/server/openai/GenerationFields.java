// GenerationFields: a request's fields that say how an answer is drawn and what ends it.
package dev.gatun.server.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import dev.gatun.chat.ChatOptions;
import dev.gatun.sample.SamplerType;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;
import dev.gatun.server.generation.SamplingFields;
import dev.gatun.server.generation.Stops;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** OpenAI's names, and llama.cpp's and vLLM's for what OpenAI has not. */
final class GenerationFields {
  /** Most answers of one request. */
  static final int MOST_CHOICES = 64;

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
   * @param most tokens of an answer; -1 for as many as the context holds
   * @throws ApiError or Refusal for a value that cannot be honoured
   */
  static ChatOptions read(Fields fields, SamplingOptions defaults, int most) {
    GenerationFields reader = new GenerationFields(fields, defaults);
    reader.sampling();
    reader.ending(most);
    reader.refuseWhatIsNot();
    return FormatFields.read(fields, reader.options);
  }

  /** How many answers are asked for. */
  static int choices(Fields fields) {
    return fields.integer("n", 1, MOST_CHOICES).orElse(1);
  }

  /** Whether a stream ends with a piece that has the usage. */
  static boolean usageAtEnd(Fields fields, boolean stream) {
    Optional<Fields> options = fields.fields("stream_options");
    if (options.isEmpty()) {
      return false;
    }
    if (!stream) {
      throw ApiError.invalid("stream_options", "stream_options needs stream: true");
    }
    boolean usage = options.get().flag("include_usage").orElse(false);
    options.get().flag("include_obfuscation"); // pads pieces against listeners; loopback has none
    options.get().refuseOthers();
    return usage;
  }

  private void sampling() {
    SamplingFields drawn = new SamplingFields(fields);
    drawn.number("temperature", SamplingOptions::withTemperature);
    drawn.number("top_p", SamplingOptions::withTopP);
    drawn.number("min_p", SamplingOptions::withMinP);
    drawn.number("typical_p", SamplingOptions::withTypicalP);
    drawn.number("presence_penalty", SamplingOptions::withPresencePenalty);
    drawn.number("frequency_penalty", SamplingOptions::withFrequencyPenalty);
    drawn.number("repeat_penalty", SamplingOptions::withRepeatPenalty);
    drawn.number("repetition_penalty", SamplingOptions::withRepeatPenalty);
    drawn.integer("top_k", SamplingOptions::withTopK);
    drawn.integer("repeat_last_n", SamplingOptions::withRepeatLastN);
    fields.integer("seed").ifPresent(seed -> drawn.change("seed", set -> set.withSeed(seed)));
    fields
        .node("logit_bias")
        .map(GenerationFields::bias)
        .ifPresent(bias -> drawn.change("logit_bias", set -> set.withLogitBias(bias)));
    fields
        .text("samplers")
        .ifPresent(
            chain -> drawn.change("samplers", set -> set.withSamplers(SamplerType.parse(chain))));
    options = options.withSampling(drawn.checked(defaults));
  }

  private void ending(int most) {
    options =
        options
            .withMaxTokens(most)
            .withStops(Stops.read(fields, "stop"))
            .withIgnoredEnd(fields.flag("ignore_eos").orElse(false));
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
    fields.text("user");
    fields.fields("metadata");
    fields.text("safety_identifier");
    fields.text("prompt_cache_key");
    fields.word("service_tier", "auto", "default"); // there is one
  }
}
