// Loaded: a model on its device, ready to run steps.
package dev.gatun.load;

import dev.gatun.device.Device;
import dev.gatun.graph.Crossover;
import dev.gatun.kv.CacheShape;
import dev.gatun.kv.PagePool;
import dev.gatun.op.Exchanges;
import dev.gatun.ranks.Group;
import dev.gatun.ranks.Ranks;
import dev.gatun.step.Relay;
import dev.gatun.step.StepPlans;
import dev.gatun.step.Stepper;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.ModelConfig;
import java.lang.foreign.Arena;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * Memory is taken once, here, and lives as long as the arena.
 *
 * @param context tokens of the cache
 * @param longestSequence tokens that one sequence may have
 * @param weightBytes of weights on the device
 * @param cacheBytes of the cache's pages
 * @param relay by which rank 0 tells the others; empty where there are none
 */
public record Loaded(
    Stepper stepper,
    PagePool pool,
    int context,
    int longestSequence,
    long weightBytes,
    long cacheBytes,
    Optional<Relay> relay) {

  /**
   * Loads a checkpoint; Refusal where it is inconsistent, unsupported, or does not fit.
   *
   * @param membership all ranks load at once; when it returns, all have
   * @param progress hears how many bytes of weights are on the device
   */
  public static Loaded of(
      Checkpoint checkpoint,
      EngineOptions options,
      Device device,
      Membership membership,
      Arena arena,
      LongConsumer progress) {
    Blueprint blueprint = Blueprint.of(checkpoint, options, device, membership, arena);
    StepPlans steps = blueprint.stepPlans(crossover(blueprint));
    Footprint need =
        blueprint.footprint(steps).withWorkspace(device.queue().workspaceBytes(blueprint.limits()));
    LoadPlan plan = LoadPlan.of(checkpoint, options, need, Capacity.of(device, options.device()));
    plan.requireFits();
    ModelConfig config = checkpoint.config();
    Optional<Relay> relay =
        membership.isShared()
            ? Optional.of(new Relay(membership.ranks(), inputBytes(steps, config)))
            : Optional.empty();
    int context = relay.map(others -> others.least(plan.context())).orElse(plan.context());
    int longestSequence = Math.min(context, config.contextLength());
    CacheShape shape =
        CacheShape.of(
            device,
            need.caches(),
            need.cacheHeads(),
            config.headDim(),
            config.latent(),
            options.cacheTypes());
    PagePool pool = new PagePool(shape, context, device, arena);
    Stepper stepper =
        new Stepper(
            new Stepper.Steps(blueprint.model(), blueprint.compute(), steps, membership.tally()),
            device,
            pool,
            shape.pages(longestSequence),
            new Stepper.Others(relay, exchanges(device, membership.ranks(), steps)),
            arena);
    device.lendWorkspace(blueprint.limits(longestSequence), arena);
    if (steps.gemmBytes() > 0) {
      device.lendGemm(steps.unpackedBytes(), arena);
    }
    // Last, since it takes long: all memory is taken before another process can take it.
    blueprint.parameters().upload(progress);
    relay.ifPresent(others -> others.least(context));
    return new Loaded(
        stepper,
        pool,
        context,
        longestSequence,
        blueprint.parameters().bytes(),
        shape.bytes(context),
        relay);
  }

  /** The same on all ranks: of the longest sequence there may be. */
  private static long inputBytes(StepPlans steps, ModelConfig config) {
    int pages = Math.ceilDiv(config.contextLength(), Device.pageTokens());
    return Stepper.inputBytes(steps.most(), pages);
  }

  /** Every rank makes its groups in one order. */
  private static Exchanges exchanges(Device device, Ranks ranks, StepPlans steps) {
    Map<List<Integer>, Group> groups = new HashMap<>();
    steps.exchangedBytes().entrySet().stream()
        .sorted(Map.Entry.comparingByKey(Comparator.comparing(List::toString)))
        .forEach(each -> groups.put(each.getKey(), ranks.group(each.getKey(), each.getValue())));
    return new Exchanges(device, groups::get);
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
