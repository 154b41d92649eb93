// PublishedDefaults: the sampling values a checkpoint's authors publish with it.
package dev.gatun.sample;

import dev.gatun.refusal.Refusal;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Values of generation_config.json that sampling reads; an absent one leaves the built-in value,
 * with one exception: authors who publish any value chose it without min-p, so min-p is then 0
 * unless they publish it too.
 */
public record PublishedDefaults(
    OptionalDouble temperature,
    OptionalDouble topK,
    OptionalDouble topP,
    OptionalDouble minP,
    OptionalDouble typicalP,
    OptionalDouble repeatPenalty) {

  public static final PublishedDefaults NONE = from(Map.of());

  /**
   * Reads the keys of a parsed generation_config.json; unknown keys are not ours. {@code
   * "do_sample": false} is greedy.
   *
   * @throws Refusal (model) for a value that is not a number
   */
  public static PublishedDefaults from(Map<String, ?> generationConfig) {
    boolean greedy = Boolean.FALSE.equals(generationConfig.get("do_sample"));
    return new PublishedDefaults(
        greedy ? OptionalDouble.of(0) : number(generationConfig, "temperature"),
        number(generationConfig, "top_k"),
        number(generationConfig, "top_p"),
        number(generationConfig, "min_p"),
        number(generationConfig, "typical_p"),
        number(generationConfig, "repetition_penalty"));
  }

  /** True where the authors published nothing. */
  public boolean isEmpty() {
    return temperature.isEmpty()
        && topK.isEmpty()
        && topP.isEmpty()
        && minP.isEmpty()
        && typicalP.isEmpty()
        && repeatPenalty.isEmpty();
  }

  SamplingOptions over(SamplingOptions builtIn) {
    if (isEmpty()) {
      return builtIn;
    }
    SamplingOptions.Truncation cut = builtIn.truncation();
    try {
      return builtIn
          .withTemperature(temperature.orElse(builtIn.temperature()))
          .withTopK((int) topK.orElse(cut.topK()))
          .withTopP(topP.orElse(cut.topP()))
          .withMinP(minP.orElse(0))
          .withTypicalP(typicalP.orElse(cut.typicalP()))
          .withRepeatPenalty(repeatPenalty.orElse(builtIn.penalties().repeat()));
    } catch (Refusal refusal) {
      throw Refusal.model(
          "generation_config.json: " + refusal.getMessage(), "correct or remove the value there");
    }
  }

  private static OptionalDouble number(Map<String, ?> config, String key) {
    return switch (config.get(key)) {
      case null -> OptionalDouble.empty();
      case Number value -> OptionalDouble.of(value.doubleValue());
      case Object other ->
          throw Refusal.model(
              "generation_config.json: " + key + " is " + other + ", not a number",
              "correct or remove it there");
    };
  }
}
