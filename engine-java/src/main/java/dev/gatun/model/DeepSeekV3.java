// DeepSeekV3: latent attention, leading dense layers, then routed and shared experts; R1, V3, V3.1,
// Kimi-K2.
package dev.gatun.model;

import dev.gatun.graph.Compute;
import dev.gatun.graph.Graph;
import dev.gatun.layer.Decoder;
import dev.gatun.op.Tensor;
import dev.gatun.weights.Parameters;
import java.util.Optional;

/** Source of names and order: transformers, models/deepseek_v3. */
public record DeepSeekV3(Decoder decoder) implements Model {

  public static DeepSeekV3 of(Parameters parameters) {
    return new DeepSeekV3(
        Decoder.of(
            parameters,
            (layer, caches) -> Dense.attention(parameters, layer, caches),
            layer -> QwenMoe.feedForward(parameters, layer)));
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

  @Override
  public boolean hasMtp() {
    return decoder.hasMtp();
  }

  @Override
  public Optional<Tensor> mtpLogits(Graph graph) {
    return decoder.mtpLogits(graph);
  }

  /**
   * A choice among many experts turns on the last digits of their scores: with 8-bit activations a
   * router chose otherwise so often that it cost ten times the KL divergence of 16 bits.
   */
  @Override
  public Compute compute() {
    return Compute.INT16;
  }
}
