// Architectures: the one list of families.
package dev.gatun.model;

import dev.gatun.refusal.Refusal;
import dev.gatun.weights.AttentionConfig;
import dev.gatun.weights.LayerConfig;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.Parameters;

/** Chooses the family by Hugging Face's model_type. */
public final class Architectures {
  private Architectures() {}

  /** Builds the model and with it checks every weight's presence and shape. */
  public static Model of(Parameters parameters) {
    ModelConfig config = parameters.config();
    config.layerConfigs().forEach(Architectures::refuseBiases);
    config.layerConfigs().forEach(layer -> refuseWidths(layer.attention()));
    return switch (config.architecture()) {
      case "llama", "qwen2", "qwen3" -> Dense.of(parameters);
      case "qwen3_moe" -> QwenMoe.of(parameters);
      case "deepseek_v3" -> DeepSeekV3.of(parameters);
      default ->
          throw Refusal.model(
              "architecture '" + config.architecture() + "' is not supported",
              "supported are llama, qwen2, qwen3, qwen3_moe and deepseek_v3");
    };
  }

  private static void refuseBiases(LayerConfig layer) {
    boolean out = layer.attention() instanceof AttentionConfig.Grouped grouped && grouped.outBias();
    refuseBias(out, "attention output");
    refuseBias(layer.feedForward().bias(), "MLP");
  }

  /** Those that {@code gk_cache} does not take of a latent cache. */
  static void refuseWidths(AttentionConfig attention) {
    int latent = attention.latent();
    int turned = attention.headDim() - latent;
    boolean fits = latent % 32 == 0 && latent <= 512 && turned % 16 == 0 && turned <= 128;
    if (latent > 0 && !fits) {
      throw Refusal.model(
          "latents of " + latent + " elements with " + turned + " that turn are not supported",
          "use a model with multiples of 32 up to 512, and of 16 up to 128");
    }
  }

  private static void refuseBias(boolean present, String where) {
    if (present) {
      throw Refusal.model(
          "the model has a bias in its " + where + ", which is not supported",
          "use a model without it");
    }
  }
}
