// QwenMoe: Qwen3-MoE, routed experts in most layers.
package dev.gatun.model;

import dev.gatun.graph.Graph;
import dev.gatun.layer.Decoder;
import dev.gatun.layer.FeedForward;
import dev.gatun.layer.MixtureOfExperts;
import dev.gatun.op.Tensor;
import dev.gatun.weights.FeedForwardConfig;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.Parameters;
import java.util.Optional;

/** Source of names and order: transformers, models/qwen3_moe. */
public record QwenMoe(Decoder decoder) implements Model {

  public static QwenMoe of(Parameters parameters) {
    return new QwenMoe(
        Decoder.of(
            parameters,
            (layer, caches) -> Dense.attention(parameters, layer, caches),
            layer -> feedForward(parameters, layer)));
  }

  /** DeepSeek-V3's as well. */
  static FeedForward feedForward(Parameters parameters, int layer) {
    ModelConfig config = parameters.config();
    return switch (config.layer(layer).feedForward()) {
      case FeedForwardConfig.Dense dense -> Dense.mlp(parameters, layer, dense);
      case FeedForwardConfig.Routed routed -> MixtureOfExperts.of(parameters, layer, routed);
    };
  }

  @Override
  public Optional<Tensor> logits(Graph graph) {
    return decoder.logits(graph);
  }

  @Override
  public int cacheHeads() {
    return decoder.cacheHeads();
  }

  @Override
  public boolean hasHalves() {
    return decoder.hasHalves();
  }
}
