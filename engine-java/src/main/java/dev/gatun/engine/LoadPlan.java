// LoadPlan: a model, a device and a context: whether it fits, and what would.
package dev.gatun.engine;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.device.StepLimits;
import dev.gatun.graph.Crossover;
import dev.gatun.kv.CacheTypes;
import dev.gatun.model.Architectures;
import dev.gatun.refusal.Refusal;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.Parameters;
import dev.gatun.weights.RopeOverride;
import java.lang.foreign.Arena;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Computed before anything is loaded; {@link Engine} loads by the same plan.
 *
 * @param checkpoint must stay open as long as the plan is used
 * @param context tokens of the cache, whether they fit or not
 */
public record LoadPlan(Checkpoint checkpoint, MemoryBudget budget, CacheTypes types, int context) {

  /**
   * The plan of loading a checkpoint.
   *
   * @param card a GPU that need not be there; where empty, the device of {@code options}
   */
  public static LoadPlan of(Checkpoint checkpoint, EngineOptions options, Optional<Room> card) {
    // A card that is not there is planned for by the shapes that a CPU device tells.
    DeviceChoice choice = card.isPresent() ? DeviceChoice.cpu().withThreads(1) : options.device();
    try (Device device = Device.open(choice);
        Arena arena = Arena.ofConfined()) {
      Parameters parameters = new Parameters(checkpoint, device, arena);
      Crossover crossover = options.gemm().planned();
      StepPlans plans = StepPlans.of(Architectures.of(parameters), options, crossover);
      Footprint need = Footprint.of(checkpoint, parameters, options, plans);
      return card.map(room -> of(checkpoint, options, need.onCard(checkpoint, parameters), room))
          .orElseGet(() -> of(checkpoint, options, need, Room.of(device, choice)));
    }
  }

  static LoadPlan of(Checkpoint checkpoint, EngineOptions options, Footprint need, Room room) {
    MemoryBudget budget = new MemoryBudget(need, room);
    ModelConfig config = checkpoint.config();
    options.cacheTypes().requireHeads(config.headDim());
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
    long there = budget.room().bytes();
    throw Refusal.doesNotFit(
        "weights of %s, a cache of %s and the reserve need %s, there are %s (%s)%s"
            .formatted(
                Gib.of(budget.need().weightBytes() + budget.embedding()),
                Gib.of(budget.cacheBytes(types, context)),
                Gib.of(there - budget.left(types, context)),
                Gib.of(there),
                budget.room().name(),
                others()),
        (largest > 0 ? "use -c " + largest + " or less" : "use a smaller model or quantisation")
            + (budget.room().others().isEmpty() ? "" : ", or end what else runs on that GPU"),
        new PlanText(this).toString());
  }

  private String others() {
    return budget.room().others().stream().map(other -> ", " + other).collect(Collectors.joining());
  }

  private static int contextOf(ModelConfig config, EngineOptions options, int fitting) {
    if (options.context() == EngineOptions.WHAT_FITS) {
      // Where not even a page fits, one page is what is refused.
      return Math.max(Math.min(fitting, config.contextLength()), Device.pageTokens());
    }
    if (options.context() > config.contextLength()) {
      throw tooLong(config, options.context());
    }
    return options.context() > 0
        ? options.context()
        : Math.min(config.contextLength(), EngineOptions.LARGEST_DEFAULT_CONTEXT);
  }

  private static Refusal tooLong(ModelConfig config, int context) {
    return Refusal.usage(
        "a context of " + context + " tokens, the model was made for " + config.contextLength(),
        "give -c "
            + config.contextLength()
            + " or less"
            + RopeOverride.flagsFor(config, context).map(flags -> ", or add " + flags).orElse(""));
  }

  /** Of the steps of {@code options}; where the context is not known yet, the longest it may be. */
  static StepLimits limits(ModelConfig config, EngineOptions options) {
    int context = options.context() > 0 ? options.context() : config.contextLength();
    return new StepLimits(options.stepTokens(), config.heads(), config.headDim(), context);
  }
}
