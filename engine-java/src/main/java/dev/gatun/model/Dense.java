// Dense: Llama, Qwen2 and Qwen3, which differ in biases and head norms alone.
package dev.gatun.model;

import dev.gatun.graph.Graph;
import dev.gatun.layer.Decoder;
import dev.gatun.layer.GatedMlp;
import dev.gatun.layer.GroupedAttention;
import dev.gatun.op.Tensor;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.Parameters;

/** Source of names and order: transformers, models/llama, qwen2, qwen3. */
public record Dense(Decoder decoder) implements Model {

  public static Dense of(Parameters parameters) {
    ModelConfig config = parameters.config();
    return new Dense(
        Decoder.of(
            parameters,
            (layer, caches) ->
                GroupedAttention.of(
                    parameters, "model.layers." + layer + ".self_attn.", caches.getAsInt()),
            layer ->
                GatedMlp.of(
                    parameters,
                    "model.layers." + layer + ".mlp.",
                    config.hidden(),
                    config.intermediate())));
  }

  @Override
  public Tensor logits(Graph graph) {
    return decoder.logits(graph);
  }
}
