// LoadPlan: a model, a device and a context: whether it fits, and what would.
package dev.gatun.load;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.kv.CacheTypes;
import dev.gatun.refusal.Refusal;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.RopeOverride;
import java.lang.foreign.Arena;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Computed before anything is loaded; {@link Loaded} follows the same plan.
 *
 * @param checkpoint must stay open as long as the plan is used
 * @param context tokens of the cache, of all sequences together, whether they fit or not
 */
public record LoadPlan(Checkpoint checkpoint, MemoryBudget budget, CacheTypes types, int context) {

  /**
   * The plan of loading a checkpoint.
   *
   * @param card a GPU that need not be there; where empty, the device of {@code options}
   */
  public static LoadPlan of(Checkpoint checkpoint, EngineOptions options, Optional<Capacity> card) {
    // A card that is not there is planned for by the shapes that a CPU device tells.
    DeviceChoice choice = card.isPresent() ? DeviceChoice.cpu().withThreads(1) : options.device();
    try (Device device = Device.open(choice);
        Arena arena = Arena.ofConfined()) {
      Membership alone = Membership.alone(checkpoint.config().layerConfigs().size());
      Blueprint blueprint = Blueprint.of(checkpoint, options, device, alone, arena);
      Footprint need = blueprint.footprint(blueprint.stepPlans(options.gemm().planned()));
      return card.map(
              capacity -> of(checkpoint, options, need.onCard(blueprint.parameters()), capacity))
          .orElseGet(() -> of(checkpoint, options, need, Capacity.of(device, choice)));
    }
  }

  static LoadPlan of(
      Checkpoint checkpoint, EngineOptions options, Footprint need, Capacity capacity) {
    MemoryBudget budget = new MemoryBudget(need, capacity);
    ModelConfig config = checkpoint.config();
    options.cacheTypes().requireHeads(config.headDim(), config.latent() > 0);
    int context = contextOf(config, options, budget.largestContext(options.cacheTypes()));
    return new LoadPlan(checkpoint, budget, options.cacheTypes(), context);
  }

  public boolean fits() {
    return budget.fits(types, context);
  }

  /** Refusal.doesNotFit with the table where the plan does not fit. */
  void requireFits() {
    if (fits()) {
      return;
    }
    int largest = budget.largestContext(types);
    long there = budget.capacity().bytes();
    throw Refusal.doesNotFit(
        String.format(
            Locale.ROOT,
            "weights of %s, a cache of %s and the reserve need %s, there are %s (%s)%s",
            Gib.of(budget.need().weightBytes() + budget.embedding()),
            Gib.of(budget.cacheBytes(types, context)),
            Gib.of(there - budget.left(types, context)),
            Gib.of(there),
            budget.capacity().name(),
            others()),
        (largest > 0 ? "use -c " + largest + " or less" : "use a smaller model or quantisation")
            + (budget.capacity().others().isEmpty() ? "" : ", or end what else runs on that GPU")
            + (budget.capacity().isGpu() ? ", or --device cpu" : ""),
        new PlanText(this).toString());
  }

  private String others() {
    return budget.capacity().others().stream()
        .map(other -> ", " + other)
        .collect(Collectors.joining());
  }

  static int contextOf(ModelConfig config, EngineOptions options, int fitting) {
    int sequences = options.batching().sequences();
    int most = (int) Math.min((long) config.contextLength() * sequences, Integer.MAX_VALUE);
    if (options.context() == EngineOptions.WHAT_FITS) {
      // Where too few fit, the fewest are what is refused, with what would fit in their place.
      return Math.min(most, Math.max(fitting, EngineOptions.LEAST_CONTEXT));
    }
    if (options.context() > most) {
      throw tooLong(config, options.context(), most);
    }
    return options.context() == EngineOptions.MODELS_OWN ? most : options.context();
  }

  private static Refusal tooLong(ModelConfig config, int context, int most) {
    return Refusal.usage(
        "a context of "
            + context
            + " tokens, the model was made for "
            + config.contextLength()
            + (most > config.contextLength() ? " a sequence" : ""),
        "give -c "
            + most
            + " or less"
            + RopeOverride.flagsFor(config, context).map(flags -> ", or add " + flags).orElse(""));
  }
}
