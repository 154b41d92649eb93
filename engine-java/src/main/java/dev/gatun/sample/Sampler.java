// Sampler: draws the next token from the logits, and remembers the tokens it was told of.
package dev.gatun.sample;

import dev.gatun.device.Sampling;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;

/**
 * One sampler serves one sequence and one thread at a time. The draw's random number depends on the
 * seed and on how many tokens were accepted, and on nothing else: the same seed after the same
 * tokens draws the same token.
 */
public final class Sampler {
  /** Keeps a logit finite under DRY's exponential penalty and any division by temperature. */
  private static final double GREATEST_PENALTY = 1e30;

  private final SamplingOptions options;
  private final Optional<TokenMask> mask;
  private final List<SamplerType> chain;
  private final History history = new History();
  private final Candidates candidates = new Candidates();

  /** A sampler that has seen nothing; a seed of -1 is resolved here, see {@link #options()}. */
  public Sampler(SamplingOptions options) {
    this(options, Optional.empty());
  }

  /**
   * As {@link #Sampler(SamplingOptions)}.
   *
   * @param mask draws nothing but what it allows; the caller's to close once nobody draws any more
   */
  public Sampler(SamplingOptions options, Optional<TokenMask> mask) {
    this.options = options.withResolvedSeed();
    this.mask = mask;
    this.chain =
        options.samplers().stream()
            .takeWhile(type -> type != SamplerType.TEMPERATURE || options.temperature() > 0)
            .filter(this::canChangeTheDraw)
            .toList();
  }

  /** The options in force, with the seed that is used. */
  public SamplingOptions options() {
    return options;
  }

  /**
   * Records a token as seen. Prompt tokens count, for the penalties and for the position of the
   * draw.
   */
  public void accept(int token) {
    history.add(token);
  }

  /**
   * Records a token of the answer: as {@link #accept}, and the mask moves on.
   *
   * @throws Refusal (usage) where the mask cannot
   */
  public void advance(int token) {
    accept(token);
    mask.ifPresent(present -> present.accept(token));
  }

  /**
   * What the next token is drawn from: as {@link TokenMask#allowed}.
   *
   * @throws Refusal as that does
   * @throws java.util.NoSuchElementException where there is no mask
   */
  public MemorySegment allowed() {
    return mask.orElseThrow().allowed();
  }

  /** Works on what the next draw needs beside the logits, while they are computed. */
  public void prepare() {
    mask.filter(present -> !present.ends()).ifPresent(TokenMask::prepare);
  }

  /** Whether nothing may follow the tokens of the answer. */
  public boolean ends() {
    return mask.isPresent() && mask.get().ends();
  }

  /**
   * Draws a token without accepting it; asked again, it draws the same one.
   *
   * @param logits float32 (vocab), in host memory
   * @param limit ids from here on are padding rows of the head: never read, never drawn; at most
   *     vocab
   * @throws Refusal (device) for a logit that is NaN or infinite, (usage) where the options or the
   *     mask leave no token
   */
  public int sample(MemorySegment logits, int limit) {
    if (limit < 1 || limit > logits.byteSize() / Float.BYTES) {
      throw new IllegalArgumentException(
          limit + " tokens to draw from, " + logits.byteSize() / Float.BYTES + " logits");
    }
    candidates.load(logits, limit);
    mask.ifPresent(present -> candidates.ban(present.allowed()));
    addBias(limit);
    for (SamplerType type : chain) {
      apply(type);
    }
    if (options.temperature() == 0) {
      candidates.keepGreatest();
    }
    return candidates.draw(Philox.uniform(options.seed(), history.size()));
  }

  /**
   * How a device draws what {@link #sample} would draw now, by {@link #allowed} where there is a
   * mask; empty where the options ask for what devices do not do: penalties, DRY, typical-p, logit
   * bias.
   *
   * @param limit as for {@link #sample}
   */
  @SuppressWarnings("exports") // for the engine's own use
  public Optional<Sampling> onDevice(int limit) {
    List<Sampling.Stage> stages =
        chain.stream().flatMap(type -> type.onDevice().stream()).distinct().toList();
    if (stages.size() < chain.size() || !options.logitBias().isEmpty()) {
      return Optional.empty();
    }
    SamplingOptions.Truncation cut = options.truncation();
    return Optional.of(
        new Sampling(
            options.seed(),
            accepted(),
            limit,
            cut.topK(),
            cut.topP(),
            cut.minP(),
            options.temperature(),
            stages,
            mask.isPresent()));
  }

  /**
   * A token as a device drew it.
   *
   * @throws Refusal as {@link #sample} does where it drew none
   */
  public static int drawn(int token) {
    if (token == Sampling.NOT_A_NUMBER) {
      throw NoToken.notANumber("a logit is NaN or infinite");
    }
    if (token == Sampling.ALL_BANNED) {
      throw NoToken.allBanned();
    }
    return token;
  }

  /** Tokens accepted so far: the position of the next draw. */
  public int accepted() {
    return history.size();
  }

  /**
   * The distribution the last token was drawn from: after every stage, so a greedy draw has one
   * candidate of probability 1.
   *
   * @param count at most this many, the likeliest first
   */
  public List<TokenProbability> candidates(int count) {
    return candidates.likeliest(count);
  }

  // A cut keeps the greatest logit, so before a greedy choice only what moves logits, and
  // typical-p, can matter.
  private boolean canChangeTheDraw(SamplerType type) {
    boolean greedy = options.temperature() == 0;
    SamplingOptions.Truncation cut = options.truncation();
    return switch (type) {
      case PENALTIES -> options.penalties().active();
      case DRY -> options.dry().active();
      case TYP_P -> cut.typicalP() < 1;
      case TOP_K -> !greedy && cut.topK() > 0;
      case TOP_P -> !greedy && cut.topP() < 1;
      case MIN_P -> !greedy && cut.minP() > 0;
      case TEMPERATURE -> !greedy && options.temperature() != 1;
    };
  }

  private void apply(SamplerType type) {
    SamplingOptions.Truncation cut = options.truncation();
    switch (type) {
      case PENALTIES -> penalise();
      case DRY -> penaliseRepetitions();
      case TOP_K -> candidates.keepTop(cut.topK());
      case TYP_P -> candidates.keepTypical(cut.typicalP());
      case TOP_P -> candidates.keepTopP(cut.topP());
      case MIN_P -> candidates.keepMinP(cut.minP());
      case TEMPERATURE -> candidates.scale((float) options.temperature());
    }
  }

  private void addBias(int limit) {
    for (Map.Entry<Integer, Float> bias : options.logitBias().entrySet()) {
      if (bias.getKey() >= limit) {
        throw Refusal.usage(
            "logit bias on token "
                + bias.getKey()
                + ", but the vocabulary has "
                + limit
                + " tokens",
            "name a token id below " + limit);
      }
      change(bias.getKey(), logit -> logit + bias.getValue());
    }
  }

  private void penalise() {
    SamplingOptions.Penalties penalties = options.penalties();
    history
        .counts(penalties.lastN())
        .forEach(
            (token, count) ->
                change(
                    token,
                    logit ->
                        (logit > 0 ? logit / penalties.repeat() : logit * penalties.repeat())
                            - count * penalties.frequency()
                            - penalties.presence()));
    candidates.rankAgain();
  }

  private void penaliseRepetitions() {
    SamplingOptions.Dry dry = options.dry();
    Repetitions.longest(history.newestFirst(dry.lastN()), dry.breakers())
        .forEach(
            (token, length) -> {
              if (length >= dry.allowedLength()) {
                double penalty =
                    dry.multiplier() * Math.pow(dry.base(), length - dry.allowedLength());
                change(token, logit -> logit - Math.min(penalty, GREATEST_PENALTY));
              }
            });
    candidates.rankAgain();
  }

  private void change(int token, DoubleUnaryOperator formula) {
    int index = candidates.indexOf(token);
    if (index >= 0) {
      candidates.logit(index, (float) formula.applyAsDouble(candidates.logit(index)));
    }
  }
}
