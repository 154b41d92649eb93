// FolderDeepSeek: what a config.json of DeepSeek-V3's architecture says otherwise than those of the
// other families.
package dev.gatun.weights;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Keys and the defaults of absent ones: transformers,
 * models/deepseek_v3/configuration_deepseek_v3.py.
 */
final class FolderDeepSeek {
  private FolderDeepSeek() {}

  static AttentionConfig.Latent attention(Fields fields) {
    return new AttentionConfig.Latent(
        fields.requiredInteger("num_attention_heads", 1, Limits.HEADS),
        fields.integer("q_lora_rank", 1, Limits.WIDTH),
        fields.requiredInteger("kv_lora_rank", 1, Limits.WIDTH),
        fields.requiredInteger("qk_nope_head_dim", 1, Limits.WIDTH),
        fields.requiredInteger("qk_rope_head_dim", 1, Limits.WIDTH),
        fields.requiredInteger("v_head_dim", 1, Limits.WIDTH),
        fields.flag("attention_bias").orElse(false));
  }

  static Rope rope(Fields fields, int context) {
    Rope.Style style =
        fields.flag("rope_interleave").orElse(true)
            ? Rope.Style.INTERLEAVED
            : Rope.Style.HALF_SPLIT;
    int dim = fields.requiredInteger("qk_rope_head_dim", 1, Limits.WIDTH);
    return FolderRope.read(fields, dim, style, context);
  }

  /** A model with its layer of multi-token prediction; a refusal where it has none. */
  static ModelConfig withMtp(ModelConfig config, Fields fields) {
    boolean known = config.architecture().equals("deepseek_v3");
    int count = fields.integer("num_nextn_predict_layers", 0, Limits.LAYERS).orElse(0);
    MtpLayer.require(known ? count : 0, fields.source());
    List<LayerConfig> layers = layers(fields, config.layer(0).attention(), config.layers() + 1);
    return config.withMtp(layers.getLast());
  }

  static List<LayerConfig> layers(Fields fields, AttentionConfig attention) {
    int layers = fields.requiredInteger("num_hidden_layers", 1, Limits.LAYERS);
    return layers(fields, attention, layers);
  }

  /** Dense layers first; of those behind, every {@code moe_layer_freq}th has experts. */
  private static List<LayerConfig> layers(Fields fields, AttentionConfig attention, int layers) {
    int leading = fields.requiredInteger("first_k_dense_replace", 0, Limits.LAYERS);
    int step = fields.integer("moe_layer_freq", 1, Limits.LAYERS).orElse(1);
    int intermediate = fields.requiredInteger("intermediate_size", 1, Limits.WIDTH);
    LayerConfig dense =
        new LayerConfig(attention, new FeedForwardConfig.Dense(intermediate, false));
    LayerConfig routed = new LayerConfig(attention, routed(fields));
    return IntStream.range(0, layers)
        .mapToObj(layer -> layer < leading || layer % step != 0 ? dense : routed)
        .toList();
  }

  private static FeedForwardConfig.Routed routed(Fields fields) {
    int width = fields.requiredInteger("moe_intermediate_size", 1, Limits.WIDTH);
    int shared = fields.integer("n_shared_experts", 0, Limits.EXPERTS).orElse(0);
    return new FeedForwardConfig.Routed(
        fields.requiredInteger("n_routed_experts", 1, Limits.EXPERTS),
        fields.requiredInteger("num_experts_per_tok", 1, Limits.EXPERTS),
        width,
        Limits.product(width, shared, "n_shared_experts", fields),
        router(fields),
        false);
  }

  private static FeedForwardConfig.Router router(Fields fields) {
    String scoring = fields.text("scoring_func").orElse("sigmoid");
    if (!scoring.equals("sigmoid")) {
      throw fields.unsupported("scoring_func", scoring, "sigmoid");
    }
    String method = fields.text("topk_method").orElse("noaux_tc");
    if (!method.equals("noaux_tc")) {
      throw fields.unsupported("topk_method", method, "noaux_tc");
    }
    return new FeedForwardConfig.Router(
        FeedForwardConfig.Scoring.SIGMOID,
        true,
        groups(fields, "n_group").orElse(8),
        groups(fields, "topk_group").orElse(4),
        fields.flag("norm_topk_prob").orElse(true),
        fields.number("routed_scaling_factor", 0).orElse(2.5));
  }

  private static Optional<Integer> groups(Fields fields, String key) {
    return fields.integer(key, 1, Limits.EXPERTS);
  }
}
