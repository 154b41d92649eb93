// Loaded: a model on its device, ready to run steps.
package dev.gatun.load;

import dev.gatun.device.Device;
import dev.gatun.graph.Crossover;
import dev.gatun.kv.CacheShape;
import dev.gatun.kv.PagePool;
import dev.gatun.step.StepPlans;
import dev.gatun.step.Stepper;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.ModelConfig;
import java.lang.foreign.Arena;
import java.util.function.LongConsumer;

/**
 * Memory is taken once, here, and lives as long as the arena.
 *
 * @param context tokens of the cache
 * @param longestSequence tokens that one sequence may have
 * @param weightBytes of weights on the device
 * @param cacheBytes of the cache's pages
 */
public record Loaded(
    Stepper stepper,
    PagePool pool,
    int context,
    int longestSequence,
    long weightBytes,
    long cacheBytes) {

  /**
   * Loads a checkpoint; Refusal where it is inconsistent, unsupported, or does not fit.
   *
   * @param progress hears how many bytes of weights are on the device
   */
  public static Loaded of(
      Checkpoint checkpoint,
      EngineOptions options,
      Device device,
      Arena arena,
      LongConsumer progress) {
    Blueprint blueprint = Blueprint.of(checkpoint, options, device, arena);
    StepPlans steps = blueprint.stepPlans(crossover(blueprint));
    Footprint need =
        blueprint.footprint(steps).withWorkspace(device.queue().workspaceBytes(blueprint.limits()));
    LoadPlan plan = LoadPlan.of(checkpoint, options, need, Capacity.of(device, options.device()));
    plan.requireFits();
    int context = plan.context();
    ModelConfig config = checkpoint.config();
    int longestSequence = Math.min(context, config.contextLength());
    CacheShape shape =
        CacheShape.of(
            device,
            config.caches(),
            config.kvHeads(),
            config.headDim(),
            config.latent(),
            options.cacheTypes());
    PagePool pool = new PagePool(shape, context, device, arena);
    Stepper stepper =
        new Stepper(
            blueprint.model(),
            blueprint.compute(),
            steps,
            device,
            pool,
            shape.pages(longestSequence),
            arena);
    device.lendWorkspace(blueprint.limits(longestSequence), arena);
    if (steps.gemmBytes() > 0) {
      device.lendGemm(steps.unpackedBytes(), arena);
    }
    // Last, since it takes long: all memory is taken before another process can take it.
    blueprint.parameters().upload(progress);
    return new Loaded(
        stepper,
        pool,
        context,
        longestSequence,
        blueprint.parameters().bytes(),
        shape.bytes(context));
  }

  /**
   * NVIDIA's library is opened and its kernels are called before memory is planned, since they take
   * some of their own.
   */
  private static Crossover crossover(Blueprint blueprint) {
    if (blueprint.options().gemm() == Gemm.OWN) {
      return Crossover.never();
    }
    blueprint.device().openGemm();
    return KernelChoice.measured(blueprint);
  }
}
