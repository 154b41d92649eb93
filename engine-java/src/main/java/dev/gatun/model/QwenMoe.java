// QwenMoe: Qwen3-MoE, routed experts in most layers.
package dev.gatun.model;

import dev.gatun.graph.Graph;
import dev.gatun.layer.Decoder;
import dev.gatun.layer.FeedForward;
import dev.gatun.layer.GatedMlp;
import dev.gatun.layer.GroupedAttention;
import dev.gatun.layer.MixtureOfExperts;
import dev.gatun.op.Tensor;
import dev.gatun.refusal.Refusal;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.Moe;
import dev.gatun.weights.Parameters;

/** Source of names and order: transformers, models/qwen3_moe. */
public record QwenMoe(Decoder decoder) implements Model {

  public static QwenMoe of(Parameters parameters) {
    Moe moe =
        parameters
            .config()
            .moe()
            .orElseThrow(
                () ->
                    Refusal.model(
                        "a qwen3_moe checkpoint without experts", "the configuration is damaged"));
    return new QwenMoe(
        Decoder.of(
            parameters,
            (layer, caches) ->
                GroupedAttention.of(
                    parameters, "model.layers." + layer + ".self_attn.", caches.getAsInt()),
            layer -> feedForward(parameters, moe, layer)));
  }

  private static FeedForward feedForward(Parameters parameters, Moe moe, int layer) {
    ModelConfig config = parameters.config();
    String prefix = "model.layers." + layer + ".mlp.";
    if (moe.denseLayers().contains(layer)) {
      return GatedMlp.of(parameters, prefix, config.hidden(), config.intermediate());
    }
    return MixtureOfExperts.of(parameters, prefix, config.hidden(), moe);
  }

  @Override
  public Tensor logits(Graph graph) {
    return decoder.logits(graph);
  }
}
