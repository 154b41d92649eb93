// RopeOverride: the scaling of positions that a user asks for in place of the model's own.
package dev.gatun.weights;

import dev.gatun.refusal.Refusal;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * llama.cpp's {@code --rope-scaling}, {@code --rope-scale} and {@code --yarn-orig-ctx}; what is
 * empty follows from the model.
 *
 * @param factor by which the context grows, at least 1
 * @param originalContext positions that YaRN starts from
 */
public record RopeOverride(
    Optional<Kind> kind, Optional<Double> factor, Optional<Integer> originalContext) {

  /** The model's own scaling. */
  public static final RopeOverride NOTHING =
      new RopeOverride(Optional.empty(), Optional.empty(), Optional.empty());

  /** The scalings that can be asked for. */
  public enum Kind {
    NONE,
    LINEAR,
    YARN
  }

  /** Qwen's recipe for 131,072 tokens, and the largest that YaRN's authors tried is 32. */
  private static final double YARN_FACTOR = 4;

  private static final double MOST = 64;

  // These state the 32,768 positions of their training and 8,192 for the question, and their
  // makers' recipe for YaRN starts from 32,768 (source: the README of QwQ and of Qwen3).
  private static final Set<String> QWEN = Set.of("qwen2", "qwen3", "qwen3_moe");
  private static final int STATED = 40_960;
  private static final int TRAINED = 32_768;

  public RopeOverride {
    if (factor.filter(value -> !(value >= 1 && value <= MOST)).isPresent()) {
      throw Refusal.usage("--rope-scale " + factor.get(), "give a factor from 1 to 64");
    }
    if (originalContext.filter(value -> value < 1 || value > Limits.CONTEXT).isPresent()) {
      throw Refusal.usage(
          "--yarn-orig-ctx " + originalContext.get(), "give the tokens of the model's training");
    }
    if (kind.isEmpty() && (factor.isPresent() || originalContext.isPresent())) {
      throw Refusal.usage(
          (factor.isPresent() ? "--rope-scale" : "--yarn-orig-ctx") + " without --rope-scaling",
          "add --rope-scaling yarn or linear");
    }
    if (kind.filter(Kind.YARN::equals).isEmpty() && originalContext.isPresent()) {
      throw Refusal.usage("--yarn-orig-ctx without YaRN", "add --rope-scaling yarn");
    }
    if (kind.filter(Kind.LINEAR::equals).isPresent() && factor.isEmpty()) {
      throw Refusal.usage("--rope-scaling linear without a factor", "add --rope-scale N");
    }
    if (kind.filter(Kind.NONE::equals).isPresent() && factor.isPresent()) {
      throw Refusal.usage("--rope-scale with --rope-scaling none", "keep one of them");
    }
  }

  /** The checkpoint as it is to be run; closing it closes {@code checkpoint}. */
  public Checkpoint apply(Checkpoint checkpoint) {
    return kind.isEmpty()
        ? checkpoint
        : new RescaledCheckpoint(checkpoint, apply(checkpoint.config()));
  }

  ModelConfig apply(ModelConfig config) {
    if (kind.isEmpty()) {
      return config;
    }
    Rope rope = config.rope();
    refuseOther(rope.scaling());
    Scaling scaling =
        switch (kind.get()) {
          case NONE -> new Scaling.None();
          case LINEAR -> new Scaling.Linear(factor.orElseThrow());
          case YARN -> yarn(config);
        };
    return config.withRope(
        new Rope(rope.theta(), rope.dim(), rope.style(), scaling), length(config, scaling));
  }

  /** What positions of {@code config} are scaled by, for display. */
  public static String described(ModelConfig config) {
    return switch (config.rope().scaling()) {
      case Scaling.None _ -> "none";
      case Scaling.Linear linear -> "linear, factor " + number(linear.factor());
      case Scaling.Llama3 llama3 -> "llama3, factor " + number(llama3.factor());
      case Scaling.Yarn yarn ->
          "YaRN, factor " + number(yarn.factor()) + " of " + yarn.originalContext() + " tokens";
      case Scaling.FrequencyFactors _ -> "the file's own frequency factors";
    };
  }

  /** Tokens that YaRN's usual factor gives a model that is not scaled. */
  public static Optional<Integer> longest(ModelConfig config) {
    return config.rope().scaling() instanceof Scaling.None
        ? Optional.of((int) YARN_FACTOR * original(config))
        : Optional.empty();
  }

  /** The flags with which {@code config} holds {@code tokens}, where YaRN's usual factor does. */
  public static Optional<String> flagsFor(ModelConfig config, int tokens) {
    int original = original(config);
    double factor = Math.ceil((double) tokens / original);
    return config.rope().scaling() instanceof Scaling.None && factor <= YARN_FACTOR
        ? Optional.of(
            "--rope-scaling yarn --rope-scale " + number(factor) + " --yarn-orig-ctx " + original)
        : Optional.empty();
  }

  private Scaling yarn(ModelConfig config) {
    int original = originalContext.orElse(original(config));
    if (config.rope().scaling() instanceof Scaling.Yarn own) {
      return new Scaling.Yarn(
          factor.orElse(own.factor()),
          original,
          own.betaFast(),
          own.betaSlow(),
          own.truncate(),
          factor.isPresent() ? Optional.empty() : own.attentionFactor(),
          own.mscale(),
          own.mscaleAllDim());
    }
    return new Scaling.Yarn(
        factor.orElse(YARN_FACTOR),
        original,
        32,
        1,
        true,
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  private static int original(ModelConfig config) {
    if (config.rope().scaling() instanceof Scaling.Yarn own) {
      return own.originalContext();
    }
    boolean withQuestion = QWEN.contains(config.architecture()) && config.contextLength() == STATED;
    return withQuestion ? TRAINED : config.contextLength();
  }

  private static int length(ModelConfig config, Scaling scaling) {
    // YaRN and linear scaling of a model that is scaled already replace that, so what it states
    // without them counts.
    int plain =
        config.rope().scaling() instanceof Scaling.Yarn own
            ? own.originalContext()
            : config.contextLength();
    return scaling instanceof Scaling.Linear linear
        ? (int) Math.min(Limits.CONTEXT, Math.round(linear.factor() * plain))
        : Limits.extended(plain, scaling);
  }

  private static void refuseOther(Scaling own) {
    if (own instanceof Scaling.Llama3 || own instanceof Scaling.FrequencyFactors) {
      throw Refusal.usage(
          "--rope-scaling on a model that was trained with a scaling of its own",
          "leave it out: the model reaches its stated context without");
    }
  }

  private static String number(double value) {
    return value == Math.rint(value)
        ? String.valueOf((long) value)
        : String.format(Locale.ROOT, "%.4g", value);
  }
}
