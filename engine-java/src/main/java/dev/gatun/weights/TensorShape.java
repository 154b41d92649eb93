// TensorShape: what tensors a model of given numbers has.
package dev.gatun.weights;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A tensor's Hugging Face name and shape, outermost axis first; names and order: transformers,
 * models/llama, qwen2, qwen3, qwen3_moe, deepseek_v3; but {@code kv_b_proj} is split, see {@link
 * LatentProjections}.
 */
public record TensorShape(String name, long[] shape) {

  /** Every tensor of a model, experts stacked as {@link Weight} has them. */
  public static List<TensorShape> of(ModelConfig config) {
    List<TensorShape> tensors = new ArrayList<>();
    tensors.add(shape("model.embed_tokens.weight", config.vocab(), config.hidden()));
    for (int layer = 0; layer < config.layerConfigs().size(); layer++) {
      String prefix = "model.layers." + layer + ".";
      tensors.add(shape(prefix + "input_layernorm.weight", config.hidden()));
      tensors.addAll(
          attention(config.layer(layer).attention(), config.hidden(), prefix + "self_attn."));
      tensors.add(shape(prefix + "post_attention_layernorm.weight", config.hidden()));
      tensors.addAll(
          feedForward(config.layer(layer).feedForward(), config.hidden(), prefix + "mlp."));
    }
    if (config.mtp()) {
      tensors.addAll(mtp("model.layers." + config.layers() + ".", config.hidden()));
    }
    tensors.add(shape("model.norm.weight", config.hidden()));
    if (!config.tiedEmbeddings()) {
      tensors.add(shape("lm_head.weight", config.vocab(), config.hidden()));
    }
    return tensors;
  }

  /** What its layer has besides a block; embedding and head are the model's. */
  private static List<TensorShape> mtp(String prefix, long hidden) {
    return List.of(
        shape(prefix + "enorm.weight", hidden),
        shape(prefix + "hnorm.weight", hidden),
        shape(prefix + "eh_proj.weight", hidden, 2 * hidden),
        shape(prefix + "shared_head.norm.weight", hidden));
  }

  /** Number of weights. */
  public long count() {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  /** Number of squares of {@code side} rows and columns, the cut-off ones included. */
  long squares(long side) {
    int axes = shape.length;
    long matrices = axes < 3 ? 1 : shape[0];
    return matrices * Math.ceilDiv(shape[axes - 2], side) * Math.ceilDiv(shape[axes - 1], side);
  }

  boolean isVector() {
    return shape.length == 1;
  }

  private static List<TensorShape> attention(AttentionConfig config, long hidden, String prefix) {
    return switch (config) {
      case AttentionConfig.Grouped grouped -> attention(grouped, hidden, prefix);
      case AttentionConfig.Latent latent -> attention(latent, hidden, prefix);
    };
  }

  private static List<TensorShape> attention(
      AttentionConfig.Grouped config, long hidden, String prefix) {
    long queries = (long) config.heads() * config.headDim();
    long keys = (long) config.kvHeads() * config.headDim();
    List<TensorShape> tensors = new ArrayList<>();
    tensors.add(shape(prefix + "q_proj.weight", queries, hidden));
    tensors.add(shape(prefix + "k_proj.weight", keys, hidden));
    tensors.add(shape(prefix + "v_proj.weight", keys, hidden));
    tensors.add(shape(prefix + "o_proj.weight", hidden, queries));
    if (config.qkvBias()) {
      tensors.add(shape(prefix + "q_proj.bias", queries));
      tensors.add(shape(prefix + "k_proj.bias", keys));
      tensors.add(shape(prefix + "v_proj.bias", keys));
    }
    if (config.qkNorm()) {
      tensors.add(shape(prefix + "q_norm.weight", config.headDim()));
      tensors.add(shape(prefix + "k_norm.weight", config.headDim()));
    }
    return tensors;
  }

  private static List<TensorShape> attention(
      AttentionConfig.Latent config, long hidden, String prefix) {
    long queries = (long) config.heads() * config.queryDim();
    long heads = config.heads();
    List<TensorShape> tensors = new ArrayList<>();
    config
        .queryRank()
        .ifPresentOrElse(
            rank -> {
              tensors.add(shape(prefix + "q_a_proj.weight", rank, hidden));
              tensors.add(shape(prefix + "q_a_layernorm.weight", rank));
              tensors.add(shape(prefix + "q_b_proj.weight", queries, rank));
            },
            () -> tensors.add(shape(prefix + "q_proj.weight", queries, hidden)));
    tensors.add(shape(prefix + "kv_a_proj_with_mqa.weight", config.headDim(), hidden));
    tensors.add(shape(prefix + "kv_a_layernorm.weight", config.latent()));
    tensors.add(shape(prefix + "k_b_proj.weight", heads, config.latent(), config.nopeDim()));
    tensors.add(shape(prefix + "v_b_proj.weight", heads, config.valueDim(), config.latent()));
    tensors.add(shape(prefix + "o_proj.weight", hidden, heads * config.valueDim()));
    if (config.bias()) {
      config.queryRank().ifPresent(rank -> tensors.add(shape(prefix + "q_a_proj.bias", rank)));
      tensors.add(shape(prefix + "kv_a_proj_with_mqa.bias", config.headDim()));
      tensors.add(shape(prefix + "o_proj.bias", hidden));
    }
    return tensors;
  }

  private static List<TensorShape> feedForward(
      FeedForwardConfig config, long hidden, String prefix) {
    return switch (config) {
      case FeedForwardConfig.Dense(int ff, boolean _) -> gated(prefix, ff, hidden);
      case FeedForwardConfig.Routed routed -> experts(routed, hidden, prefix);
    };
  }

  private static List<TensorShape> gated(String prefix, long ff, long hidden) {
    return List.of(
        shape(prefix + "gate_proj.weight", ff, hidden),
        shape(prefix + "up_proj.weight", ff, hidden),
        shape(prefix + "down_proj.weight", hidden, ff));
  }

  private static List<TensorShape> experts(
      FeedForwardConfig.Routed config, long hidden, String prefix) {
    long experts = config.experts();
    long ff = config.intermediate();
    List<TensorShape> tensors = new ArrayList<>();
    tensors.add(shape(prefix + "gate.weight", experts, hidden));
    if (config.router().bias()) {
      tensors.add(shape(prefix + "gate.e_score_correction_bias", experts));
    }
    tensors.add(shape(prefix + "experts.gate_proj.weight", experts, ff, hidden));
    tensors.add(shape(prefix + "experts.up_proj.weight", experts, ff, hidden));
    tensors.add(shape(prefix + "experts.down_proj.weight", experts, hidden, ff));
    if (config.shared() > 0) {
      tensors.addAll(gated(prefix + "shared_experts.", config.shared(), hidden));
    }
    return tensors;
  }

  private static TensorShape shape(String name, long... shape) {
    return new TensorShape(name, shape);
  }
}
