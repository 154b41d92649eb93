// SamplingOptions: everything that decides which token is drawn from the logits, validated.
package dev.gatun.sample;

import dev.gatun.refusal.Refusal;
import dev.gatun.weights.GenerationDefaults;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How to draw a token. Built-in values are llama.cpp's; {@link #defaults(GenerationDefaults)} lays
 * a checkpoint's own over them, and the {@code with…} methods lay the caller's over both.
 *
 * @param temperature divides the logits; 0 is greedy wherever the chain has it, and also where it
 *     does not
 * @param logitBias token id to what is added to its logit before the chain; negative infinity bans
 *     the token
 * @param seed -1 for a random one (see {@link #withResolvedSeed()}), else 0 or more
 * @param samplers the chain, in the order it is run
 */
public record SamplingOptions(
    double temperature,
    Truncation truncation,
    Penalties penalties,
    Dry dry,
    Map<Integer, Float> logitBias,
    long seed,
    List<SamplerType> samplers) {

  /** Below this a float logit divided by the temperature may overflow; 0 says greedy. */
  private static final double LEAST_TEMPERATURE = 1e-3;

  public SamplingOptions {
    require(
        temperature == 0 || (temperature >= LEAST_TEMPERATURE && temperature < 1e6),
        "temperature " + temperature,
        "use 0 for greedy, or 0.001 to 1000000");
    logitBias.forEach(
        (token, bias) ->
            require(
                token >= 0 && bias < Float.POSITIVE_INFINITY,
                "logit bias " + bias + " on token " + token,
                "name a token id of 0 or more and a finite bias, or -inf to ban the token"));
    require(seed >= -1, "seed " + seed, "use -1 for a random seed, or 0 and more");
    logitBias = Map.copyOf(logitBias);
    samplers = List.copyOf(samplers);
  }

  /**
   * What cuts the list of candidates.
   *
   * @param topK keep this many; 0 or -1 keeps all
   * @param topP keep the fewest whose probabilities add up to this, 0..1; 1 keeps all (Holtzman et
   *     al. 2019)
   * @param minP keep those at least this likely relative to the likeliest, 0..1; 0 keeps all
   *     (Nguyen et al. 2024)
   * @param typicalP keep the most typical whose probabilities exceed this, 0..1; 1 keeps all
   *     (Meister et al. 2022)
   */
  public record Truncation(int topK, double topP, double minP, double typicalP) {
    public Truncation {
      require(topK >= -1, "top-k " + topK, "use 0 to keep all tokens, or how many to keep");
      requireShare("top-p", topP);
      requireShare("min-p", minP);
      requireShare("typical-p", typicalP);
    }

    private static void requireShare(String name, double value) {
      require(value >= 0 && value <= 1, name + " " + value, "use a value from 0 to 1");
    }
  }

  /**
   * Penalties on tokens seen among the last {@code lastN}, with llama.cpp's meaning.
   *
   * @param repeat a positive logit is divided by it, any other multiplied; 1 is off
   * @param lastN tokens looked back on, prompt included; 0 switches all three off, -1 looks at
   *     everything
   * @param presence subtracted once from a token that was seen
   * @param frequency subtracted once for each time it was seen
   */
  public record Penalties(double repeat, int lastN, double presence, double frequency) {
    public Penalties {
      require(
          repeat >= 1e-3 && repeat <= 1e3,
          "repeat penalty " + repeat,
          "use 0.001 to 1000; 1 is off");
      require(
          lastN >= -1, "repeat-last-n " + lastN, "use 0 for off, -1 for all, or how many tokens");
      requireFinite("presence penalty", presence);
      requireFinite("frequency penalty", frequency);
    }

    boolean active() {
      return lastN != 0 && (repeat != 1 || presence != 0 || frequency != 0);
    }

    private static void requireFinite(String name, double value) {
      require(Math.abs(value) <= 1e6, name + " " + value, "use -1000000 to 1000000; 0 is off");
    }
  }

  /**
   * "Don't repeat yourself": a token that would extend a repetition of {@code n >= allowedLength}
   * tokens loses {@code multiplier * base^(n - allowedLength)} (source: p-e-w,
   * text-generation-webui pull request 5677).
   *
   * @param multiplier logit units; 0 is off
   * @param base 1 or more
   * @param allowedLength the longest repetition whose growth costs nothing is one shorter; 1 or
   *     more
   * @param lastN tokens looked back on; 0 is off, -1 looks at everything
   * @param breakers token sequences no repetition reaches across, such as a line break or a role
   *     marker
   */
  public record Dry(
      double multiplier, double base, int allowedLength, int lastN, List<List<Integer>> breakers) {
    public Dry {
      require(
          multiplier >= 0 && multiplier <= 1e6,
          "DRY multiplier " + multiplier,
          "use 0 for off; 0.8 is usual");
      require(base >= 1 && base <= 1e6, "DRY base " + base, "use 1 or more; 1.75 is usual");
      require(allowedLength >= 1, "DRY allowed length " + allowedLength, "use 1 or more tokens");
      require(lastN >= -1, "DRY last-n " + lastN, "use 0 for off, -1 for all, or how many tokens");
      breakers = breakers.stream().map(List::copyOf).toList();
      require(
          breakers.stream().noneMatch(List::isEmpty),
          "an empty DRY sequence breaker",
          "give each breaker at least one token");
    }

    boolean active() {
      return multiplier > 0 && lastN != 0;
    }
  }

  /** llama.cpp's built-in values. */
  public static SamplingOptions defaults() {
    return new SamplingOptions(
        0.8,
        new Truncation(40, 0.95, 0.05, 1),
        new Penalties(1, 64, 0, 0),
        new Dry(0, 1.75, 2, 64, List.of()),
        Map.of(),
        -1,
        SamplerType.DEFAULT_CHAIN);
  }

  /**
   * A model's published values over the built-in ones. Makers who publish any value chose it
   * without min-p, so min-p is then 0 unless they publish it too.
   *
   * @throws Refusal (model) for a published value that is out of range
   */
  @SuppressWarnings("exports") // for the engine's own use
  public static SamplingOptions defaults(GenerationDefaults published) {
    SamplingOptions builtIn = defaults();
    boolean greedy = !published.sample().orElse(true);
    boolean silent =
        published.temperature().isEmpty()
            && published.topK().isEmpty()
            && published.topP().isEmpty()
            && published.minP().isEmpty();
    try {
      return builtIn
          .withTemperature(greedy ? 0 : published.temperature().orElse(builtIn.temperature))
          .withTopK(published.topK().orElse(builtIn.truncation.topK))
          .withTopP(published.topP().orElse(builtIn.truncation.topP))
          .withMinP(published.minP().orElse(silent ? builtIn.truncation.minP : 0.0))
          .withRepeatPenalty(published.repetitionPenalty().orElse(builtIn.penalties.repeat));
    } catch (Refusal refusal) {
      throw Refusal.model(
          "the model's published sampling settings: " + refusal.getMessage(),
          "correct or remove the value in its generation_config.json");
    }
  }

  public SamplingOptions withTemperature(double value) {
    return new SamplingOptions(value, truncation, penalties, dry, logitBias, seed, samplers);
  }

  public SamplingOptions withTopK(int value) {
    return with(new Truncation(value, truncation.topP, truncation.minP, truncation.typicalP));
  }

  public SamplingOptions withTopP(double value) {
    return with(new Truncation(truncation.topK, value, truncation.minP, truncation.typicalP));
  }

  public SamplingOptions withMinP(double value) {
    return with(new Truncation(truncation.topK, truncation.topP, value, truncation.typicalP));
  }

  public SamplingOptions withTypicalP(double value) {
    return with(new Truncation(truncation.topK, truncation.topP, truncation.minP, value));
  }

  public SamplingOptions withRepeatPenalty(double value) {
    return with(new Penalties(value, penalties.lastN, penalties.presence, penalties.frequency));
  }

  public SamplingOptions withRepeatLastN(int value) {
    return with(new Penalties(penalties.repeat, value, penalties.presence, penalties.frequency));
  }

  public SamplingOptions withPresencePenalty(double value) {
    return with(new Penalties(penalties.repeat, penalties.lastN, value, penalties.frequency));
  }

  public SamplingOptions withFrequencyPenalty(double value) {
    return with(new Penalties(penalties.repeat, penalties.lastN, penalties.presence, value));
  }

  public SamplingOptions with(Truncation value) {
    return new SamplingOptions(temperature, value, penalties, dry, logitBias, seed, samplers);
  }

  public SamplingOptions with(Penalties value) {
    return new SamplingOptions(temperature, truncation, value, dry, logitBias, seed, samplers);
  }

  public SamplingOptions with(Dry value) {
    return new SamplingOptions(
        temperature, truncation, penalties, value, logitBias, seed, samplers);
  }

  public SamplingOptions withLogitBias(Map<Integer, Float> value) {
    return new SamplingOptions(temperature, truncation, penalties, dry, value, seed, samplers);
  }

  public SamplingOptions withSeed(long value) {
    return new SamplingOptions(temperature, truncation, penalties, dry, logitBias, value, samplers);
  }

  public SamplingOptions withSamplers(List<SamplerType> value) {
    return new SamplingOptions(temperature, truncation, penalties, dry, logitBias, seed, value);
  }

  /** These options with -1 replaced by a random seed of 31 bits, short enough to be typed again. */
  public SamplingOptions withResolvedSeed() {
    return seed == -1 ? withSeed(ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE)) : this;
  }

  /**
   * Options that are on while the chain lacks the stage that reads them, such as {@code
   * repeat-penalty} without penalties; the caller who set one on purpose is to be told. Cuts whose
   * built-in value is on are not listed.
   */
  public List<String> unused() {
    List<String> names = new ArrayList<>();
    if (penalties.active() && !samplers.contains(SamplerType.PENALTIES)) {
      names.add("repeat, presence and frequency penalty");
    }
    if (dry.active() && !samplers.contains(SamplerType.DRY)) {
      names.add("dry-multiplier");
    }
    if (truncation.typicalP < 1 && !samplers.contains(SamplerType.TYP_P)) {
      names.add("typical-p");
    }
    return names;
  }

  private static void require(boolean holds, String found, String remedy) {
    if (!holds) {
      throw Refusal.usage(found + " is out of range", remedy);
    }
  }
}
