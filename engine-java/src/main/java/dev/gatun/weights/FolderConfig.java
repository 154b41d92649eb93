// FolderConfig: a Hugging Face config.json as a ModelConfig.
package dev.gatun.weights;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Keys and the defaults of absent ones: transformers, models/{llama,qwen2,qwen3,qwen3_moe}/configuration_*.py. */
record FolderConfig(Fields fields, String type) {
  private static final List<String> TYPES = List.of("llama", "qwen2", "qwen3", "qwen3_moe");

  static ModelConfig read(Fields fields) {
    String type = fields.text("model_type").orElseThrow(() -> fields.missing("model_type"));
    if (!TYPES.contains(type)) {
      throw fields.unsupported("model_type", type, String.join(", ", TYPES));
    }
    return new FolderConfig(fields, type).model();
  }

  private ModelConfig model() {
    refuseOtherActivation();
    refuseOtherAttention();
    int layers = fields.requiredInteger("num_hidden_layers", 1, Limits.LAYERS);
    int hidden = fields.requiredInteger("hidden_size", 1, Limits.WIDTH);
    int heads = fields.requiredInteger("num_attention_heads", 1, Limits.HEADS);
    int context = fields.requiredInteger("max_position_embeddings", 1, Limits.CONTEXT);
    int headDim = fields.integer("head_dim", 1, Limits.WIDTH).orElse(type.equals("qwen3") ? 128 : hidden / heads);
    Rope rope = FolderRope.read(fields, headDim, context);
    ModelConfig config =
        new ModelConfig(
            type,
            layers,
            hidden,
            heads,
            kvHeads(heads),
            headDim,
            fields.requiredInteger("intermediate_size", 1, Limits.WIDTH),
            fields.requiredInteger("vocab_size", 1, Limits.VOCAB),
            fields.requiredNumber("rms_norm_eps", 0),
            rope,
            biases(),
            type.startsWith("qwen3"),
            fields.flag("tie_word_embeddings").orElse(false),
            Limits.extended(context, rope.scaling()),
            type.equals("qwen3_moe") ? Optional.of(moe(layers)) : Optional.empty());
    Limits.check(config, fields.source());
    return config;
  }

  private int kvHeads(int heads) {
    // Only Llama 1 and 2 leave it out.
    return fields
        .integer("num_key_value_heads", 1, Limits.HEADS)
        .or(() -> Optional.of(heads).filter(h -> type.equals("llama")))
        .orElseThrow(() -> fields.missing("num_key_value_heads"));
  }

  private ModelConfig.Biases biases() {
    boolean attention = fields.flag("attention_bias").orElse(false);
    return type.equals("qwen2")
        ? new ModelConfig.Biases(true, false, false)
        : new ModelConfig.Biases(
            attention, attention, type.equals("llama") && fields.flag("mlp_bias").orElse(false));
  }

  private Moe moe(int layers) {
    Set<Integer> dense = new HashSet<>(fields.integers("mlp_only_layers", 0, layers - 1));
    int step = fields.integer("decoder_sparse_step", 1, Limits.LAYERS).orElse(1);
    for (int layer = 0; layer < layers; layer++) {
      if ((layer + 1) % step != 0) {
        dense.add(layer);
      }
    }
    String experts = fields.has("num_local_experts") ? "num_local_experts" : "num_experts";
    return new Moe(
        fields.requiredInteger(experts, 1, Limits.EXPERTS),
        fields.requiredInteger("num_experts_per_tok", 1, Limits.EXPERTS),
        fields.requiredInteger("moe_intermediate_size", 1, Limits.WIDTH),
        fields.flag("norm_topk_prob").orElse(false),
        dense);
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
