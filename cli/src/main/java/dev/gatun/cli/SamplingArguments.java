// SamplingArguments: how tokens are drawn; what is given here wins over what the model's makers
// advise.
package dev.gatun.cli;

import dev.gatun.dialogue.Dialect;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.SamplerType;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.sample.SamplingOptions.Dry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Mixed into {@code run}; the REPL's {@code /set} reads the same options. */
final class SamplingArguments {
  private static final Pattern BIAS =
      Pattern.compile("(\\d{1,9})([+-](?:inf|\\d{1,9}(?:\\.\\d{1,9})?))");
  private static final List<String> USUAL_BREAKERS = List.of("\n", ":", "\"", "*");

  @Option(
      names = {"-s", "--seed"},
      paramLabel = "N",
      description = "Same seed, same text; -1 is random.")
  Optional<Long> seed = Optional.empty();

  @Option(
      names = {"--temp", "--temperature"},
      paramLabel = "T",
      description = "0 takes the likeliest token; higher is more varied.")
  Optional<Double> temperature = Optional.empty();

  @Option(
      names = "--top-k",
      paramLabel = "N",
      description = "Draw among the N likeliest; 0 is off.")
  Optional<Integer> topK = Optional.empty();

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description = "Draw among the likeliest that add up to P; 1 is off.")
  Optional<Double> topP = Optional.empty();

  @Option(
      names = "--min-p",
      paramLabel = "P",
      description = "Leave out what is P times less likely than the first; 0 is off.")
  Optional<Double> minP = Optional.empty();

  @Option(
      names = {"--typical", "--typical-p"},
      paramLabel = "P",
      description = "Locally typical sampling; 1 is off.")
  Optional<Double> typicalP = Optional.empty();

  @Option(
      names = "--repeat-penalty",
      paramLabel = "X",
      description = "Penalise tokens seen before; 1 is off.")
  Optional<Double> repeatPenalty = Optional.empty();

  @Option(
      names = "--repeat-last-n",
      paramLabel = "N",
      description = "How far penalties look back; 0 off, -1 all.")
  Optional<Integer> repeatLastN = Optional.empty();

  @Option(
      names = "--presence-penalty",
      paramLabel = "X",
      description = "Subtracted once from tokens seen; 0 is off.")
  Optional<Double> presencePenalty = Optional.empty();

  @Option(
      names = "--frequency-penalty",
      paramLabel = "X",
      description = "Subtracted for each time seen; 0 is off.")
  Optional<Double> frequencyPenalty = Optional.empty();

  @Option(names = "--dry-multiplier", paramLabel = "X", description = "Strength of DRY; 0 is off.")
  Optional<Double> dryMultiplier = Optional.empty();

  @Option(
      names = "--dry-base",
      paramLabel = "X",
      description = "Growth of DRY with a repetition's length.")
  Optional<Double> dryBase = Optional.empty();

  @Option(
      names = "--dry-allowed-length",
      paramLabel = "N",
      description = "Repetitions up to N tokens are free.")
  Optional<Integer> dryAllowedLength = Optional.empty();

  @Option(
      names = "--dry-penalty-last-n",
      paramLabel = "N",
      description = "How far DRY looks back; 0 off, -1 all.")
  Optional<Integer> dryLastN = Optional.empty();

  @Option(
      names = "--dry-sequence-breaker",
      paramLabel = "TEXT",
      description =
          "DRY does not look across TEXT; may be repeated; replaces newline, colon, quote and star;"
              + " none for none.")
  List<String> dryBreakers = List.of();

  @Option(
      names = {"-l", "--logit-bias"},
      paramLabel = "ID(+/-)X",
      description = "Add to a token's logit: 15043+1.5, 15043-inf bans it; may be repeated.")
  List<String> logitBias = List.of();

  @Option(
      names = "--samplers",
      paramLabel = "LIST",
      description = "The chain, in order: penalties;dry;top_k;typ_p;top_p;min_p;temperature.")
  Optional<String> samplers = Optional.empty();

  /** Lays what is given over {@code base}; {@code dialect} knows the tokens of DRY's breakers. */
  SamplingOptions over(SamplingOptions base, Dialect dialect) {
    SamplingOptions options = withTruncation(base);
    options = seed.map(options::withSeed).orElse(options);
    options = temperature.map(options::withTemperature).orElse(options);
    options = repeatPenalty.map(options::withRepeatPenalty).orElse(options);
    options = repeatLastN.map(options::withRepeatLastN).orElse(options);
    options = presencePenalty.map(options::withPresencePenalty).orElse(options);
    options = frequencyPenalty.map(options::withFrequencyPenalty).orElse(options);
    options = samplers.map(SamplerType::parse).map(options::withSamplers).orElse(options);
    if (!logitBias.isEmpty()) {
      options = options.withLogitBias(biases(dialect.vocabulary()));
    }
    options = options.with(dry(options.dry(), dialect));
    if (!options.unused().isEmpty()) {
      throw Refusal.usage(
          "--samplers leaves out what " + String.join(" and ", options.unused()) + " needs",
          "add the stage to --samplers or drop the option");
    }
    return options;
  }

  private SamplingOptions withTruncation(SamplingOptions base) {
    SamplingOptions options = base;
    options = topK.map(options::withTopK).orElse(options);
    options = topP.map(options::withTopP).orElse(options);
    options = minP.map(options::withMinP).orElse(options);
    return typicalP.map(options::withTypicalP).orElse(options);
  }

  private Dry dry(Dry base, Dialect dialect) {
    double multiplier = dryMultiplier.orElse(base.multiplier());
    List<String> breakers = dryBreakers.isEmpty() ? USUAL_BREAKERS : dryBreakers;
    boolean keep = multiplier == 0 || (dryBreakers.isEmpty() && !base.breakers().isEmpty());
    return new Dry(
        multiplier,
        dryBase.orElse(base.base()),
        dryAllowedLength.orElse(base.allowedLength()),
        dryLastN.orElse(base.lastN()),
        keep || breakers.equals(List.of("none")) ? base.breakers() : dialect.breakers(breakers));
  }

  private Map<Integer, Float> biases(int vocabulary) {
    Map<Integer, Float> biases = new HashMap<>();
    for (String text : logitBias) {
      Matcher matcher = BIAS.matcher(text);
      if (!matcher.matches()) {
        throw Refusal.usage(
            "logit bias '" + text + "'",
            "write a token id, a sign and a number: 15043+1.5 or 15043-inf");
      }
      int token = Integer.parseInt(matcher.group(1));
      if (token >= vocabulary) {
        throw Refusal.usage(
            "logit bias on token " + token, "give an id from 0 to " + (vocabulary - 1));
      }
      biases.put(token, Float.parseFloat(matcher.group(2).replace("inf", "Infinity")));
    }
    return biases;
  }
}
