// GgufConfig: a GGUF header's key-values as a ModelConfig.
package dev.gatun.weights;

import dev.gatun.device.DType;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Keys: ggml, docs/gguf.md; defaults of absent ones are llama.cpp's (src/llama-model.cpp,
 * load_hparams).
 *
 * @param fields the header's key-values
 * @param tensors the file's tensors under GGUF's names: embedding, biases and frequency factors
 *     decide what keys leave open
 */
record GgufConfig(Fields fields, Map<String, Weight> tensors, String arch) {
  private static final String SCALING = ".rope.scaling.";
  private static final Set<String> SCALING_KEYS =
      Set.of(
          "type",
          "factor",
          "original_context_length",
          "finetuned",
          "attn_factor",
          "yarn_ext_factor",
          "yarn_attn_factor",
          "yarn_beta_fast",
          "yarn_log_multiplier",
          "yarn_beta_slow");

  static ModelConfig read(Fields fields, Map<String, Weight> tensors) {
    String arch =
        fields
            .text("general.architecture")
            .orElseThrow(() -> fields.missing("general.architecture"));
    if (!GgufNames.ARCHITECTURES.containsKey(arch)) {
      throw Refusal.model(
          "architecture " + Fields.shown(arch) + " of " + fields.source() + " is not supported yet",
          "supported: " + String.join(", ", new TreeSet<>(GgufNames.ARCHITECTURES.keySet())));
    }
    return new GgufConfig(fields, tensors, arch).model();
  }

  private ModelConfig model() {
    refuseOtherAttention();
    int layers = layerCount();
    int hidden = count("embedding_length", Limits.WIDTH);
    int context = count("context_length", Limits.CONTEXT);
    GgufDeepSeek deepSeek = new GgufDeepSeek(fields, tensors, arch);
    boolean latent = arch.equals("deepseek2");
    AttentionConfig attention = latent ? deepSeek.attention() : attention(hidden);
    Rope rope = rope(attention.headDim(), context);
    ModelConfig config =
        new ModelConfig(
            GgufNames.ARCHITECTURES.get(arch),
            hidden,
            vocab(),
            fields.requiredNumber(key("attention.layer_norm_rms_epsilon"), 0),
            rope,
            !tensors.containsKey("output.weight"),
            Limits.extended(context, rope.scaling()),
            latent
                ? deepSeek.layers(layers, attention)
                : Collections.nCopies(layers, new LayerConfig(attention, feedForward())));
    Limits.check(config, fields.source());
    return config;
  }

  private int layerCount() {
    int blocks = count("block_count", Limits.LAYERS);
    int mtp = GgufNames.mtpLayers(fields);
    if (mtp >= blocks) {
      throw fields.wrong(key("nextn_predict_layers"), mtp, "less than " + blocks);
    }
    return blocks - mtp;
  }

  private AttentionConfig.Grouped attention(int hidden) {
    int heads =
        uniform("attention.head_count", Limits.HEADS)
            .orElseThrow(() -> missing("attention.head_count"));
    return new AttentionConfig.Grouped(
        heads,
        uniform("attention.head_count_kv", Limits.HEADS).orElse(heads),
        headDim(hidden, heads),
        has("attn_q.bias"),
        has("attn_output.bias"),
        arch.startsWith("qwen3"));
  }

  private int headDim(int hidden, int heads) {
    int headDim =
        fields.integer(key("attention.key_length"), 1, Limits.WIDTH).orElse(hidden / heads);
    int valueDim =
        fields.integer(key("attention.value_length"), 1, Limits.WIDTH).orElse(hidden / heads);
    if (valueDim != headDim) {
      throw fields.unsupported(
          key("attention.value_length"), valueDim, "the same as key_length, " + headDim);
    }
    return headDim;
  }

  private int vocab() {
    Weight embedding = tensors.get("token_embd.weight");
    if (embedding == null || embedding.shape().length != 2) {
      throw Refusal.model(
          fields.source() + " has no tensor token_embd.weight of two axes",
          "download the model again, all its files");
    }
    int rows = (int) Math.min(embedding.shape()[0], Integer.MAX_VALUE);
    if (fields.values().get("tokenizer.ggml.tokens") instanceof List<?> tokens
        && tokens.size() > rows) {
      throw Refusal.model(
          fields.source() + " lists " + tokens.size() + " tokens but embeds " + rows,
          "the file is inconsistent: download it again");
    }
    return rows;
  }

  private FeedForwardConfig feedForward() {
    int experts = fields.integer(key("expert_count"), 0, Limits.EXPERTS).orElse(0);
    Optional<Integer> intermediate = uniform("feed_forward_length", Limits.WIDTH);
    if (!arch.equals("qwen3moe")) {
      if (experts > 0) {
        throw fields.unsupported(key("expert_count"), experts, "0 for " + arch + ", or qwen3moe");
      }
      return new FeedForwardConfig.Dense(
          intermediate.orElseThrow(() -> missing("feed_forward_length")), has("ffn_down.bias"));
    }
    // llama.cpp divides by the sum for this architecture without a key.
    return new FeedForwardConfig.Routed(
        count("expert_count", Limits.EXPERTS),
        count("expert_used_count", Limits.EXPERTS),
        count("expert_feed_forward_length", Limits.WIDTH),
        0,
        FeedForwardConfig.Router.softmax(fields.flag(key("expert_weights_norm")).orElse(true)),
        has("ffn_down.bias"));
  }

  private Rope rope(int headDim, int context) {
    return new Rope(
        fields.number(key("rope.freq_base"), 1).orElse(10_000.0),
        fields.integer(key("rope.dimension_count"), 1, Limits.WIDTH).orElse(headDim),
        arch.equals("llama") || arch.equals("deepseek2")
            ? Rope.Style.INTERLEAVED
            : Rope.Style.HALF_SPLIT,
        scaling(context));
  }

  private Scaling scaling(int context) {
    refuseOtherScalingKeys();
    String type = fields.text(key("rope.scaling.type")).orElse("linear");
    double factor =
        positive("rope.scaling.factor").or(() -> positive("rope.scale_linear")).orElse(1.0);
    Scaling scaling =
        switch (type) {
          case "none" -> new Scaling.None();
          case "linear" -> factor == 1 ? new Scaling.None() : new Scaling.Linear(factor);
          case "yarn" -> yarn(factor, context);
          default -> throw fields.unsupported(key("rope.scaling.type"), type, "none, linear, yarn");
        };
    Weight factors = tensors.get("rope_freqs.weight");
    if (factors == null) {
      return scaling;
    }
    if (!(scaling instanceof Scaling.None)) {
      throw fields.unsupported(
          key("rope.scaling.type"),
          type,
          "none where the tensor rope_freqs.weight is there as well");
    }
    return frequencyFactors(factors);
  }

  /**
   * yarn_attn_factor is Hugging Face's attention_factor, written by the converter; attn_factor
   * multiplies whichever factor applies.
   */
  private Scaling yarn(double factor, int context) {
    double extrapolation = fields.number(key("rope.scaling.yarn_ext_factor"), -1).orElse(1.0);
    if (extrapolation != 1 && extrapolation != -1) {
      throw fields.unsupported(key("rope.scaling.yarn_ext_factor"), extrapolation, "1");
    }
    Optional<Double> attention = positive("rope.scaling.yarn_attn_factor");
    Optional<Double> multiplier = positive("rope.scaling.attn_factor").filter(m -> m != 1);
    if (multiplier.isPresent()) {
      double plain = attention.orElse(factor <= 1 ? 1 : 0.1 * Math.log(factor) + 1);
      attention = multiplier.map(m -> m * plain);
    }
    return new Scaling.Yarn(
        factor,
        fields
            .integer(key("rope.scaling.original_context_length"), 1, Limits.CONTEXT)
            .orElse(context),
        positive("rope.scaling.yarn_beta_fast").orElse(32.0),
        positive("rope.scaling.yarn_beta_slow").orElse(1.0),
        true,
        attention,
        mscale(),
        mscale());
  }

  /** The key is 0.1 times mscale_all_dim, which scales scores; cosines and sines stay then. */
  private Optional<Double> mscale() {
    return positive("rope.scaling.yarn_log_multiplier").map(multiplier -> 10 * multiplier);
  }

  private Scaling frequencyFactors(Weight weight) {
    if (weight.dtype() != DType.F32
        || weight.shape().length != 1
        || weight.count() > Limits.WIDTH) {
      throw Refusal.model(
          "tensor rope_freqs.weight of "
              + fields.source()
              + " is "
              + weight.dtype()
              + Shapes.shown(weight.shape())
              + ", expected F32 of one axis",
          "convert the model again with current tools");
    }
    float[] factors =
        Numbers.floats(weight.dtype(), MemorySegment.ofArray(weight.range().toArray()));
    for (float factor : factors) {
      if (!(factor > 0 && Float.isFinite(factor))) {
        throw Refusal.model(
            "tensor rope_freqs.weight of "
                + fields.source()
                + " holds "
                + factor
                + ", expected positive numbers",
            "the file is damaged: download it again");
      }
    }
    return new Scaling.FrequencyFactors(factors);
  }

  private void refuseOtherAttention() {
    fields
        .integer(key("attention.sliding_window"), 0, Integer.MAX_VALUE)
        .filter(window -> window > 0)
        .ifPresent(
            window -> {
              throw fields.unsupported(
                  key("attention.sliding_window"), window, "full attention in every layer");
            });
  }

  private void refuseOtherScalingKeys() {
    for (String key : fields.values().keySet()) {
      if (key.startsWith(arch + SCALING)
          && !SCALING_KEYS.contains(key.substring((arch + SCALING).length()))) {
        throw fields.unsupported(
            key, fields.values().get(key), String.join(", ", new TreeSet<>(SCALING_KEYS)));
      }
    }
  }

  private boolean has(String tensor) {
    return tensors.containsKey("blk.0." + tensor);
  }

  private int count(String key, int max) {
    return fields.requiredInteger(key(key), 1, max);
  }

  private Optional<Double> positive(String key) {
    return fields.number(key(key), 0).filter(v -> v > 0);
  }

  /** A number for all layers, or one a layer where all are equal. */
  private Optional<Integer> uniform(String key, int max) {
    if (fields.values().get(key(key)) instanceof int[] each) {
      if (each.length == 0 || each[0] < 1 || each[0] > max || !Shapes.allEqual(each)) {
        throw fields.unsupported(key(key), each, "one number for all layers");
      }
      return Optional.of(each[0]);
    }
    return fields.integer(key(key), 1, max);
  }

  private Refusal missing(String key) {
    return fields.missing(key(key));
  }

  private String key(String key) {
    return arch + "." + key;
  }
}
