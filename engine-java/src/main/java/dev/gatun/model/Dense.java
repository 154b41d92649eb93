// Dense: Llama, Qwen2 and Qwen3, which differ in biases and head norms alone.
package dev.gatun.model;

import dev.gatun.graph.Graph;
import dev.gatun.layer.Attention;
import dev.gatun.layer.Decoder;
import dev.gatun.layer.FeedForward;
import dev.gatun.layer.GatedMlp;
import dev.gatun.layer.GroupedAttention;
import dev.gatun.layer.LatentAttention;
import dev.gatun.op.Tensor;
import dev.gatun.weights.AttentionConfig;
import dev.gatun.weights.FeedForwardConfig;
import dev.gatun.weights.Parameters;
import java.util.Optional;
import java.util.function.IntSupplier;

/** Source of names and order: transformers, models/llama, qwen2, qwen3. */
public record Dense(Decoder decoder) implements Model {

  public static Dense of(Parameters parameters) {
    return new Dense(
        Decoder.of(
            parameters,
            (layer, caches) -> attention(parameters, layer, caches),
            layer ->
                switch (parameters.config().layer(layer).feedForward()) {
                  case FeedForwardConfig.Dense dense -> mlp(parameters, layer, dense);
                  case FeedForwardConfig.Routed routed ->
                      throw new IllegalStateException("experts in a dense family: " + routed);
                }));
  }

  /** All families'. */
  static Attention attention(Parameters parameters, int layer, IntSupplier caches) {
    return switch (parameters.config().layer(layer).attention()) {
      case AttentionConfig.Grouped grouped ->
          GroupedAttention.of(parameters, layer, grouped, caches.getAsInt());
      case AttentionConfig.Latent latent ->
          LatentAttention.of(parameters, layer, latent, caches.getAsInt());
    };
  }

  /** Also that of Qwen3-MoE's layers without experts. */
  static FeedForward mlp(Parameters parameters, int layer, FeedForwardConfig.Dense config) {
    return GatedMlp.of(
        parameters,
        layer,
        "model.layers." + layer + ".mlp.",
        parameters.config().hidden(),
        config.intermediate());
  }

  @Override
  public Optional<Tensor> logits(Graph graph) {
    return decoder.logits(graph);
  }

  @Override
  public int cacheHeads() {
    return decoder.cacheHeads();
  }
}
