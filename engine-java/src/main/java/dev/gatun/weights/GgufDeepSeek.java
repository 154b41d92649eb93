// GgufDeepSeek: what a GGUF header of architecture deepseek2 says otherwise than those of the other
// families.
package dev.gatun.weights;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Keys: gguf/constants.py; defaults of absent ones are llama.cpp's (src/llama-model.cpp and
 * src/models/deepseek2.cpp), but for the groups, see {@link #router}.
 */
record GgufDeepSeek(Fields fields, Map<String, Weight> tensors, String arch) {
  /** The gating functions of llama.cpp's llama_expert_gating_func_type. */
  private static final int SOFTMAX = 1;

  private static final int SIGMOID = 2;

  /** DeepSeek-V3's experts, of which no other published model of that number has no groups. */
  private static final int EXPERTS_IN_GROUPS = 256;

  AttentionConfig.Latent attention() {
    int ropeDim = count("rope.dimension_count", Limits.WIDTH);
    int queryDim = perHead("attention.key_length");
    if (queryDim <= ropeDim) {
      throw fields.unsupported(
          key("rope.dimension_count"), ropeDim, "less than the width of a head, " + queryDim);
    }
    return new AttentionConfig.Latent(
        count("attention.head_count", Limits.HEADS),
        fields.integer(key("attention.q_lora_rank"), 1, Limits.WIDTH),
        count("attention.kv_lora_rank", Limits.WIDTH),
        queryDim - ropeDim,
        ropeDim,
        perHead("attention.value_length"),
        tensors.containsKey("blk.0.attn_output.bias"));
  }

  /** Files for absorbed attention have the width of the cache under the plain name. */
  private int perHead(String key) {
    return fields
        .integer(key(key + "_mla"), 1, Limits.WIDTH)
        .orElseGet(() -> count(key, Limits.WIDTH));
  }

  List<LayerConfig> layers(int layers, AttentionConfig attention) {
    int leading = fields.integer(key("leading_dense_block_count"), 0, Limits.LAYERS).orElse(0);
    int intermediate = count("feed_forward_length", Limits.WIDTH);
    LayerConfig dense =
        new LayerConfig(attention, new FeedForwardConfig.Dense(intermediate, false));
    if (leading >= layers) {
      return IntStream.range(0, layers).mapToObj(layer -> dense).toList();
    }
    LayerConfig routed = new LayerConfig(attention, routed(leading));
    return IntStream.range(0, layers).mapToObj(layer -> layer < leading ? dense : routed).toList();
  }

  /** A model with its layer of multi-token prediction; a refusal where it has none. */
  static ModelConfig withMtp(ModelConfig config, Fields fields, Map<String, Weight> tensors) {
    boolean known = config.architecture().equals("deepseek_v3");
    MtpLayer.require(known ? GgufNames.mtpLayers(fields) : 0, fields.source());
    GgufDeepSeek deepSeek = new GgufDeepSeek(fields, tensors, "deepseek2");
    List<LayerConfig> layers = deepSeek.layers(config.layers() + 1, config.layer(0).attention());
    return config.withMtp(layers.getLast());
  }

  private FeedForwardConfig.Routed routed(int firstRouted) {
    int experts = count("expert_count", Limits.EXPERTS);
    int width = count("expert_feed_forward_length", Limits.WIDTH);
    int shared = fields.integer(key("expert_shared_count"), 0, Limits.EXPERTS).orElse(0);
    return new FeedForwardConfig.Routed(
        experts,
        count("expert_used_count", Limits.EXPERTS),
        width,
        Limits.product(width, shared, key("expert_shared_count"), fields),
        router(experts, tensors.containsKey("blk." + firstRouted + ".exp_probs_b.bias")),
        false);
  }

  /**
   * Files of 256 experts that say nothing of groups are older than the keys: the published model
   * has 8 of which 4 are chosen, so they get those.
   */
  private FeedForwardConfig.Router router(int experts, boolean bias) {
    int function = fields.integer(key("expert_gating_func"), 0, Integer.MAX_VALUE).orElse(SOFTMAX);
    if (function != SOFTMAX && function != SIGMOID) {
      throw fields.unsupported(key("expert_gating_func"), function, "1 (softmax), 2 (sigmoid)");
    }
    boolean old = experts == EXPERTS_IN_GROUPS && function == SIGMOID;
    return new FeedForwardConfig.Router(
        function == SIGMOID ? FeedForwardConfig.Scoring.SIGMOID : FeedForwardConfig.Scoring.SOFTMAX,
        bias,
        positive("expert_group_count").orElse(old ? 8 : 1),
        positive("expert_group_used_count").orElse(old ? 4 : 1),
        fields.flag(key("expert_weights_norm")).orElse(false),
        fields.number(key("expert_weights_scale"), 0).filter(scale -> scale > 0).orElse(1.0));
  }

  /** What {@link #router} took where the file does not say. */
  static Optional<String> assumption(Map<String, Object> metadata, ModelConfig config) {
    boolean says = metadata.containsKey("deepseek2.expert_group_count");
    boolean isGguf = metadata.containsKey("deepseek2.expert_count");
    return config
        .moe()
        .map(FeedForwardConfig.Routed::router)
        .filter(router -> isGguf && !says && router.groups() > 1)
        .map(
            router ->
                "the file does not say in how many groups its experts are: taken are "
                    + router.groups()
                    + ", of which "
                    + router.chosenGroups()
                    + " are chosen, as in DeepSeek-V3");
  }

  private Optional<Integer> positive(String key) {
    return fields.integer(key(key), 0, Limits.EXPERTS).filter(count -> count > 0);
  }

  private int count(String key, int max) {
    return fields.requiredInteger(key(key), 1, max);
  }

  private String key(String key) {
    return arch + "." + key;
  }
}
