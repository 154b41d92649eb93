// Limits: the largest numbers a configuration may state, and how its numbers must fit together.
package dev.gatun.weights;

import dev.gatun.refusal.Refusal;

/** Far above any known model, far below what would overflow: a number past them is damage. */
final class Limits {
  static final int LAYERS = 4096;
  static final int WIDTH = 1 << 20;
  static final int HEADS = 1 << 14;
  static final int EXPERTS = 1 << 14;
  static final int VOCAB = 1 << 24;
  static final int CONTEXT = 1 << 30;

  private Limits() {}

  /**
   * YaRN's recipe adds the scaling and leaves the stated context as it was, so the longer of both
   * counts.
   */
  static int extended(int context, Scaling scaling) {
    return scaling instanceof Scaling.Yarn yarn
        ? (int)
            Math.max(context, Math.min(CONTEXT, Math.round(yarn.factor() * yarn.originalContext())))
        : context;
  }

  /** {@code width} times {@code count}, which {@code key} gives; a refusal past {@link #WIDTH}. */
  static int product(int width, int count, String key, Fields fields) {
    long product = (long) width * count;
    if (product > WIDTH) {
      throw fields.wrong(key, count, "at most " + WIDTH / width);
    }
    return (int) product;
  }

  static void check(ModelConfig config, String source) {
    expect(
        config.vocab() <= VOCAB,
        source,
        "the vocabulary of " + config.vocab() + " passes " + VOCAB);
    Rope rope = config.rope();
    if (rope.scaling() instanceof Scaling.FrequencyFactors(float[] factors)) {
      expect(
          factors.length == rope.dim() / 2,
          source,
          factors.length + " frequency factors for " + rope.dim() / 2 + " pairs");
    }
    for (LayerConfig layer : config.layerConfigs()) {
      switch (layer.attention()) {
        case AttentionConfig.Grouped grouped -> check(grouped, rope, source);
        case AttentionConfig.Latent latent -> check(latent, source);
      }
      switch (layer.feedForward()) {
        case FeedForwardConfig.Dense dense -> {}
        case FeedForwardConfig.Routed routed -> check(routed, source);
      }
    }
  }

  private static void check(AttentionConfig.Grouped config, Rope rope, String source) {
    expect(
        config.heads() % config.kvHeads() == 0,
        source,
        config.heads() + " heads do not divide into " + config.kvHeads() + " key-value heads");
    expect(config.headDim() >= 1, source, "the head width is 0");
    expect(
        rope.dim() % 2 == 0 && rope.dim() <= config.headDim(),
        source,
        "RoPE turns " + rope.dim() + " of a head's " + config.headDim() + " elements");
  }

  private static void check(AttentionConfig.Latent config, String source) {
    expect(
        config.ropeDim() % 2 == 0,
        source,
        "RoPE turns " + config.ropeDim() + " elements of a head, an odd number");
  }

  private static void check(FeedForwardConfig.Routed config, String source) {
    FeedForwardConfig.Router router = config.router();
    expect(
        config.experts() % router.groups() == 0,
        source,
        config.experts() + " experts do not divide into " + router.groups() + " groups");
    expect(
        router.chosenGroups() <= router.groups(),
        source,
        router.chosenGroups() + " groups a token of only " + router.groups());
    int candidates = config.experts() / router.groups() * router.chosenGroups();
    expect(
        config.perToken() <= candidates,
        source,
        config.perToken() + " experts a token of only " + candidates);
  }

  private static void expect(boolean holds, String source, String otherwise) {
    if (!holds) {
      throw Refusal.model(source + " contradicts itself: " + otherwise, "download the model again");
    }
  }
}
