// LoadPlan: a model, a device and a context: whether it fits, and what would.
package dev.gatun.load;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.kv.CacheTypes;
import dev.gatun.refusal.Refusal;
import dev.gatun.shard.Placement;
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
 * @param hostBytes of the machine's memory that there are for what lies outside the device's; more
 *     than any where the device's is the machine's own, or the device is not here
 * @param cacheRam bytes of host memory that pages may take which leave the cache
 */
public record LoadPlan(
    Checkpoint checkpoint,
    MemoryBudget budget,
    CacheTypes types,
    int context,
    long hostBytes,
    long cacheRam) {
  private static final long ENOUGH = Long.MAX_VALUE;

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
      Footprint need =
          blueprint.footprint(blueprint.stepPlans(options.gemm().planned()), Transport.HOST, false);
      return card.map(
              capacity ->
                  of(checkpoint, options, need.onCard(blueprint.parameters()), capacity, ENOUGH))
          .orElseGet(() -> of(checkpoint, options, need, Capacity.of(device, choice)));
    }
  }

  /** On a device that is here. */
  static LoadPlan of(
      Checkpoint checkpoint, EngineOptions options, Footprint need, Capacity capacity) {
    Capacity host = Capacity.host();
    long there = capacity.isHost() ? ENOUGH : host.bytes() - host.margin();
    return of(checkpoint, options, need, capacity, there);
  }

  private static LoadPlan of(
      Checkpoint checkpoint,
      EngineOptions options,
      Footprint need,
      Capacity capacity,
      long hostBytes) {
    MemoryBudget budget = new MemoryBudget(need, capacity);
    ModelConfig config = checkpoint.config();
    CacheTypes types = options.cacheTypes();
    types.requireHeads(config.headDim(), config.latent() > 0);
    int context = contextOf(config, options, budget.largestContext(types));
    long free = capacity.isHost() ? budget.left(types, context) : hostBytes - budget.outside();
    boolean asked = options.cacheRam() != EngineOptions.AUTO_CACHE_RAM;
    long cacheRam =
        asked || options.mesh().size() > 1
            ? need.cacheRam()
            : Math.clamp(free, 0, EngineOptions.USUAL_CACHE_RAM);
    return new LoadPlan(checkpoint, budget, types, context, hostBytes, cacheRam);
  }

  public boolean fits() {
    return left() >= 0;
  }

  /**
   * Left on the device, or of the machine's memory where that is less; negative where too small.
   */
  long left() {
    return Math.min(budget.left(types, context), hostBytes - budget.outside());
  }

  /** Refusal.doesNotFit with the table where the plan does not fit. */
  void requireFits() {
    if (fits()) {
      return;
    }
    int largest = budget.largestContext(types);
    long there = budget.capacity().bytes();
    if (budget.fits(types, context)) {
      throw hostTooSmall();
    }
    throw Refusal.doesNotFit(
        String.format(
            Locale.ROOT,
            "weights of %s, a cache of %s%s and the reserve need %s, there are %s (%s)%s",
            Gib.of(budget.need().weightBytes() + budget.embedding()),
            Gib.of(budget.cacheBytes(types, context)),
            budget.cacheRam() > 0 ? ", --cache-ram of " + Gib.of(budget.cacheRam()) : "",
            Gib.of(there - budget.left(types, context)),
            Gib.of(there),
            budget.capacity().name(),
            others()),
        (budget.cacheRam() > 0 ? "use a smaller --cache-ram, or " : "use ")
            + (largest > 0 ? "-c " + largest + " or less" : "a smaller model or quantisation")
            + (budget.capacity().others().isEmpty() ? "" : ", or end what else runs on that GPU")
            + (budget.capacity().isGpu() ? ", or --device cpu" : ""),
        new PlanText(this).toString());
  }

  private Refusal hostTooSmall() {
    long asked = budget.need().cacheRam();
    long others = budget.outside() - asked;
    return Refusal.doesNotFit(
        (asked == 0 ? "the model takes " : "--cache-ram of " + Gib.of(asked) + " beside ")
            + Gib.of(others)
            + (asked == 0 ? "" : " that the model takes")
            + " of the host's memory, there are "
            + Gib.of(hostBytes),
        asked == 0 || others > hostBytes
            ? "free memory, or use a machine with more"
            : "use --cache-ram " + (hostBytes - others >> 20) + "M or less");
  }

  private String others() {
    return budget.capacity().others().stream()
        .map(other -> ", " + other)
        .collect(Collectors.joining());
  }

  /** Of a cache of all sequences, or of those that are a device's own. */
  static int contextOf(ModelConfig config, EngineOptions options, int fitting) {
    int sequences = options.batching().sequences();
    Mesh mesh = options.mesh();
    int devices = mesh.mode() == Placement.Mode.DATA ? mesh.size() : 1;
    int own = tokens(config, Math.ceilDiv(sequences, devices));
    if (options.context() == EngineOptions.WHAT_FITS) {
      // Where too few fit, the fewest are what is refused, with what would fit in their place.
      return Math.min(own, Math.max(fitting, EngineOptions.LEAST_CONTEXT));
    }
    int most = tokens(config, sequences);
    if (options.context() > most) {
      throw tooLong(config, options.context(), most);
    }
    return options.context() == EngineOptions.MODELS_OWN ? own : options.context();
  }

  /** Of so many of the longest sequences. */
  private static int tokens(ModelConfig config, int sequences) {
    return (int) Math.min((long) config.contextLength() * sequences, Integer.MAX_VALUE);
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
