// SyntheticSpec: which model of random weights is asked for.
package dev.gatun.weights;

import dev.gatun.refusal.Refusal;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * {@code NAME[:layers=N][:type=TYPE]}: a known model's shapes, its first {@code N} layers, in the
 * tensor types of a file of {@code TYPE}.
 *
 * @param name of the model, without layers and type
 */
record SyntheticSpec(String name, ModelConfig config, QuantMix mix) {
  private static final QuantMix DEFAULT_MIX = QuantMix.Q4_K_M;
  private static final int QWEN_VOCAB = 151_936;
  private static final FeedForwardConfig.Routed QWEN_EXPERTS =
      new FeedForwardConfig.Routed(128, 8, 768, 0, FeedForwardConfig.Router.softmax(true), false);

  /** Their makers' config.json. QwQ's vocabulary is padded further, and its epsilon another. */
  private static final Map<String, ModelConfig> MODELS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry(
                  "qwq-32b",
                  new ModelConfig(
                      "qwen2",
                      5120,
                      152_064,
                      1e-5,
                      rope(128),
                      false,
                      40_960,
                      alike(64, qwen2(40, 8, 128), 27_648))),
              Map.entry(
                  "qwen2.5-0.5b",
                  new ModelConfig(
                      "qwen2",
                      896,
                      QWEN_VOCAB,
                      1e-6,
                      rope(64),
                      true,
                      32_768,
                      alike(24, qwen2(14, 2, 64), 4864))),
              Map.entry(
                  "qwen2.5-1.5b",
                  new ModelConfig(
                      "qwen2",
                      1536,
                      QWEN_VOCAB,
                      1e-6,
                      rope(128),
                      true,
                      32_768,
                      alike(28, qwen2(12, 2, 128), 8960))),
              Map.entry(
                  "qwen3-32b",
                  new ModelConfig(
                      "qwen3",
                      5120,
                      QWEN_VOCAB,
                      1e-6,
                      rope(128),
                      false,
                      40_960,
                      alike(64, qwen3(64, 8, 128), 25_600))),
              Map.entry(
                  "qwen3-30b-a3b",
                  new ModelConfig(
                      "qwen3_moe",
                      2048,
                      QWEN_VOCAB,
                      1e-6,
                      rope(128),
                      false,
                      40_960,
                      routed(0, 48, qwen3(32, 4, 128), 6144, QWEN_EXPERTS))),
              Map.entry(
                  "deepseek-r1",
                  new ModelConfig(
                      "deepseek_v3",
                      7168,
                      129_280,
                      1e-6,
                      yarn(1e4, 40, 32),
                      false,
                      163_840,
                      routed(3, 61, latent(128), 18_432, deepSeekExperts(256, 8, 4, 2.5)))),
              Map.entry(
                  "kimi-k2",
                  new ModelConfig(
                      "deepseek_v3",
                      7168,
                      163_840,
                      1e-6,
                      yarn(5e4, 32, 1),
                      false,
                      131_072,
                      routed(1, 61, latent(64), 18_432, deepSeekExperts(384, 1, 1, 2.827))))));

  /** Reads what was typed; a refusal that lists what there is where it is wrong. */
  static SyntheticSpec parse(String text) {
    String[] parts = text.split(":", -1);
    ModelConfig config = MODELS.get(parts[0]);
    if (config == null) {
      throw Refusal.usage(
          "--synthetic knows no model '" + parts[0] + "'",
          "give one of "
              + String.join(", ", MODELS.keySet())
              + ", then :layers=N and :type=TYPE where wanted");
    }
    Map<String, String> settings = settings(Arrays.copyOfRange(parts, 1, parts.length));
    int layers =
        settings.containsKey("layers")
            ? layers(settings.get("layers"), config.layers())
            : config.layers();
    QuantMix mix = settings.containsKey("type") ? QuantMix.of(settings.get("type")) : DEFAULT_MIX;
    return new SyntheticSpec(parts[0], config.withLayers(layers), mix);
  }

  /** The same with the layer of multi-token prediction; a refusal where the model has none. */
  SyntheticSpec withMtp() {
    if (!name.equals("deepseek-r1")) {
      throw MtpLayer.absent("'" + name + "'");
    }
    // Its layer is one with experts, as the last of all the model's layers is.
    LayerConfig layer = MODELS.get(name).layerConfigs().getLast();
    return new SyntheticSpec(name, config.withMtp(layer), mix);
  }

  /** What {@link #parse} reads as the same model in another type of weights. */
  String text(QuantMix other) {
    int all = MODELS.get(name).layers();
    String layers = config.layers() == all ? "" : ":layers=" + config.layers();
    return name + layers + ":type=" + other;
  }

  private static Map<String, String> settings(String... parts) {
    Map<String, String> settings = new TreeMap<>();
    for (String part : parts) {
      String[] pair = part.split("=", 2);
      boolean known = pair[0].equals("layers") || pair[0].equals("type");
      if (!known || pair.length != 2 || settings.put(pair[0], pair[1]) != null) {
        throw Refusal.usage(
            "--synthetic holds ':" + part + "'",
            "give each of :layers=N and :type=TYPE once at most; types are " + QuantMix.names());
      }
    }
    return settings;
  }

  private static int layers(String text, int most) {
    try {
      int layers = Integer.parseInt(text);
      if (layers >= 1 && layers <= most) {
        return layers;
      }
    } catch (NumberFormatException e) {
      // Refused below, as a number out of range is.
    }
    throw Refusal.usage(
        "--synthetic holds ':layers=" + text + "'", "give a number from 1 to " + most);
  }

  private static List<LayerConfig> alike(int count, AttentionConfig attention, int intermediate) {
    FeedForwardConfig dense = new FeedForwardConfig.Dense(intermediate, false);
    return Collections.nCopies(count, new LayerConfig(attention, dense));
  }

  /** The first layers dense, of width {@code intermediate}, the others with experts. */
  private static List<LayerConfig> routed(
      int dense,
      int layers,
      AttentionConfig attention,
      int intermediate,
      FeedForwardConfig.Routed experts) {
    FeedForwardConfig first = new FeedForwardConfig.Dense(intermediate, false);
    return IntStream.range(0, layers)
        .mapToObj(layer -> new LayerConfig(attention, layer < dense ? first : experts))
        .toList();
  }

  private static FeedForwardConfig.Routed deepSeekExperts(
      int experts, int groups, int chosenGroups, double scale) {
    FeedForwardConfig.Router router =
        new FeedForwardConfig.Router(
            FeedForwardConfig.Scoring.SIGMOID, true, groups, chosenGroups, true, scale);
    return new FeedForwardConfig.Routed(experts, 8, 2048, 2048, router, false);
  }

  private static AttentionConfig latent(int heads) {
    return new AttentionConfig.Latent(heads, Optional.of(1536), 512, 128, 64, 128, false);
  }

  private static Rope yarn(double theta, double factor, double betaFast) {
    Optional<Double> one = Optional.of(1.0);
    return new Rope(
        theta,
        64,
        Rope.Style.INTERLEAVED,
        new Scaling.Yarn(factor, 4096, betaFast, 1, true, Optional.empty(), one, one));
  }

  private static AttentionConfig qwen2(int heads, int kvHeads, int headDim) {
    return new AttentionConfig.Grouped(heads, kvHeads, headDim, true, false, false);
  }

  private static AttentionConfig qwen3(int heads, int kvHeads, int headDim) {
    return new AttentionConfig.Grouped(heads, kvHeads, headDim, false, false, true);
  }

  private static Rope rope(int headDim) {
    return new Rope(1e6, headDim, Rope.Style.HALF_SPLIT, new Scaling.None());
  }
}
