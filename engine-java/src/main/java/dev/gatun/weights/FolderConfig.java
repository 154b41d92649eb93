// FolderConfig: a Hugging Face config.json as a ModelConfig.
package dev.gatun.weights;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Keys and the defaults of absent ones: transformers,
 * models/{llama,qwen2,qwen3,qwen3_moe,deepseek_v3}/configuration_*.py.
 */
record FolderConfig(Fields fields, String type) {
  private static final List<String> TYPES =
      List.of("llama", "qwen2", "qwen3", "qwen3_moe", "deepseek_v3", "kimi_k2");

  static ModelConfig read(Fields fields) {
    String type = fields.text("model_type").orElseThrow(() -> fields.missing("model_type"));
    if (!TYPES.contains(type)) {
      throw fields.unsupported("model_type", type, String.join(", ", TYPES));
    }
    // Kimi-K2 has another tokenizer and other numbers, and nothing else.
    return new FolderConfig(fields, type.equals("kimi_k2") ? "deepseek_v3" : type).model();
  }

  private ModelConfig model() {
    refuseOtherActivation();
    refuseOtherAttention();
    int hidden = fields.requiredInteger("hidden_size", 1, Limits.WIDTH);
    int context = fields.requiredInteger("max_position_embeddings", 1, Limits.CONTEXT);
    boolean latent = type.equals("deepseek_v3");
    AttentionConfig attention = latent ? FolderDeepSeek.attention(fields) : attention(hidden);
    Rope rope =
        latent
            ? FolderDeepSeek.rope(fields, context)
            : FolderRope.read(fields, attention.headDim(), Rope.Style.HALF_SPLIT, context);
    ModelConfig config =
        new ModelConfig(
            type,
            hidden,
            fields.requiredInteger("vocab_size", 1, Limits.VOCAB),
            fields.requiredNumber("rms_norm_eps", 0),
            rope,
            fields.flag("tie_word_embeddings").orElse(false),
            Limits.extended(context, rope.scaling()),
            latent ? FolderDeepSeek.layers(fields, attention) : layers(attention));
    Limits.check(config, fields.source());
    return config;
  }

  private AttentionConfig.Grouped attention(int hidden) {
    int heads = fields.requiredInteger("num_attention_heads", 1, Limits.HEADS);
    int headDim =
        fields
            .integer("head_dim", 1, Limits.WIDTH)
            .orElse(type.equals("qwen3") ? 128 : hidden / heads);
    boolean bias = fields.flag("attention_bias").orElse(false);
    boolean qwen2 = type.equals("qwen2"); // which has these biases without a key
    return new AttentionConfig.Grouped(
        heads, kvHeads(heads), headDim, qwen2 || bias, !qwen2 && bias, type.startsWith("qwen3"));
  }

  private int kvHeads(int heads) {
    // Only Llama 1 and 2 leave it out.
    return fields
        .integer("num_key_value_heads", 1, Limits.HEADS)
        .or(() -> Optional.of(heads).filter(h -> type.equals("llama")))
        .orElseThrow(() -> fields.missing("num_key_value_heads"));
  }

  private List<LayerConfig> layers(AttentionConfig attention) {
    int layers = fields.requiredInteger("num_hidden_layers", 1, Limits.LAYERS);
    boolean bias = type.equals("llama") && fields.flag("mlp_bias").orElse(false);
    int intermediate = fields.requiredInteger("intermediate_size", 1, Limits.WIDTH);
    LayerConfig dense = new LayerConfig(attention, new FeedForwardConfig.Dense(intermediate, bias));
    if (!type.equals("qwen3_moe")) {
      return Collections.nCopies(layers, dense);
    }
    LayerConfig routed = new LayerConfig(attention, routed());
    List<Integer> only = fields.integers("mlp_only_layers", 0, layers - 1);
    int step = fields.integer("decoder_sparse_step", 1, Limits.LAYERS).orElse(1);
    return IntStream.range(0, layers)
        .mapToObj(layer -> only.contains(layer) || (layer + 1) % step != 0 ? dense : routed)
        .toList();
  }

  private FeedForwardConfig.Routed routed() {
    String experts = fields.has("num_local_experts") ? "num_local_experts" : "num_experts";
    return new FeedForwardConfig.Routed(
        fields.requiredInteger(experts, 1, Limits.EXPERTS),
        fields.requiredInteger("num_experts_per_tok", 1, Limits.EXPERTS),
        fields.requiredInteger("moe_intermediate_size", 1, Limits.WIDTH),
        0,
        FeedForwardConfig.Router.softmax(fields.flag("norm_topk_prob").orElse(false)),
        false);
  }

  private void refuseOtherActivation() {
    String activation = fields.text("hidden_act").orElse("silu");
    if (!activation.equals("silu") && !activation.equals("swish")) { // two names of one function
      throw fields.unsupported("hidden_act", activation, "silu");
    }
  }

  private void refuseOtherAttention() {
    if (fields.flag("use_sliding_window").orElse(false)) {
      throw fields.unsupported("use_sliding_window", true, "false: full attention in every layer");
    }
    if (fields.values().get("layer_types") instanceof List<?> kinds) {
      for (Object kind : kinds) {
        if (!"full_attention".equals(kind)) {
          throw fields.unsupported("layer_types", kind, "full_attention");
        }
      }
    }
  }
}
