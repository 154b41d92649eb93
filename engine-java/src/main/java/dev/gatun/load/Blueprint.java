// Blueprint: a model and its weights on a device, described and not loaded yet.
package dev.gatun.load;

import dev.gatun.device.Device;
import dev.gatun.device.StepLimits;
import dev.gatun.graph.Compute;
import dev.gatun.graph.Crossover;
import dev.gatun.model.Architectures;
import dev.gatun.model.Model;
import dev.gatun.refusal.Refusal;
import dev.gatun.step.StepPlans;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.Parameters;
import java.lang.foreign.Arena;

/**
 * Where every load, and every plan of one, begins.
 *
 * @param parameters what the model asked the checkpoint for
 */
record Blueprint(
    Checkpoint checkpoint,
    EngineOptions options,
    Device device,
    Membership membership,
    Parameters parameters,
    Model model) {

  /**
   * Refusal.model where the checkpoint lacks what its family needs.
   *
   * @param arena lifetime of the weights, if they are loaded
   */
  static Blueprint of(
      Checkpoint checkpoint,
      EngineOptions options,
      Device device,
      Membership membership,
      Arena arena) {
    if (membership.shard().dividesRows() && options.gemm() != Gemm.OWN) {
      // Which products are cuBLAS's follows from their rows, of which each rank has others.
      throw Refusal.usage(
          "cuBLAS multiplies rows that all devices have, and here each has its own sequences'",
          "leave --gemm out, or use another --split-mode");
    }
    Parameters parameters = new Parameters(checkpoint, device, arena, membership.shard());
    Blueprint blueprint =
        new Blueprint(
            checkpoint, options, device, membership, parameters, Architectures.of(parameters));
    if (blueprint.compute() == Compute.INT16 && options.gemm() != Gemm.OWN) {
      throw Refusal.usage(
          "the model is computed with 16-bit activations, and cuBLAS reads 8 bits of them"
              + " (bfloat16)",
          "leave --gemm out, or give --compute int8 too, which loses as much");
    }
    return blueprint;
  }

  ModelConfig config() {
    return checkpoint.config();
  }

  /** How its steps lie in memory. */
  StepPlans stepPlans(Crossover crossover) {
    return StepPlans.of(
        model, membership.shard(), config().vocab(), options.stepBounds(), compute(), crossover);
  }

  /** The one that was asked for, or the family's. */
  Compute compute() {
    return options.compute().or(model.compute());
  }

  /** What it takes of its device. */
  Footprint footprint(StepPlans steps, Transport transport, boolean sharesEmbedding) {
    return Footprint.of(this, steps, transport, sharesEmbedding);
  }

  /** Of the steps; where the context is not known yet, the longest it may be. */
  StepLimits limits() {
    int longest = checkpoint.config().contextLength();
    return limits(options.context() > 0 ? Math.min(options.context(), longest) : longest);
  }

  /** Of the steps, no sequence being longer than {@code context} tokens. */
  StepLimits limits(int context) {
    ModelConfig config = checkpoint.config();
    return new StepLimits(
        options.stepBounds().tokens(), config.heads(), config.headDim(), config.latent(), context);
  }
}
