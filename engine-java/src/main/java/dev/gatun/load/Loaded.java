// Loaded: a model on its device, ready to run steps.
package dev.gatun.load;

import dev.gatun.device.Device;
import dev.gatun.graph.Compute;
import dev.gatun.graph.Crossover;
import dev.gatun.kv.CacheShape;
import dev.gatun.kv.DevicePages;
import dev.gatun.kv.HostPages;
import dev.gatun.kv.PagePool;
import dev.gatun.kv.PageStore;
import dev.gatun.op.Exchanges;
import dev.gatun.ranks.MeasuredRanks;
import dev.gatun.refusal.Refusal;
import dev.gatun.step.Relay;
import dev.gatun.step.RelayedPages;
import dev.gatun.step.StepPlans;
import dev.gatun.step.Stepper;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.Parameters;
import dev.gatun.weights.WeightClass;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;

/**
 * Memory is taken once, here, and lives as long as the arena.
 *
 * @param pools of the cache's pages: one, or of each rank that has sequences of its own; none but
 *     on rank 0, which decides for all
 * @param context tokens of the cache, of each rank that has sequences of its own
 * @param longestSequence tokens that one sequence may have
 * @param weightBytes of weights on the device
 * @param cacheBytes of the cache's pages
 * @param compute in which numbers its linears are computed
 * @param relay by which rank 0 tells the others; empty where there are none
 * @param ranks what each rank has, by rank
 * @param transport how ranks hand each other bytes
 * @param exchanges of this rank with the others
 * @param inSteps counts what steps exchange, without what tells ranks of them
 */
public record Loaded(
    Stepper stepper,
    List<PagePool> pools,
    int context,
    int longestSequence,
    long weightBytes,
    long cacheBytes,
    Compute compute,
    Optional<Relay> relay,
    List<RankLoad> ranks,
    TransportChoice transport,
    Exchanges exchanges,
    MeasuredRanks inSteps) {

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
    ModelConfig config = checkpoint.config();
    Optional<Relay> relay =
        Optional.of(membership.ranks())
            .filter(_ -> membership.isShared())
            .map(
                ranks ->
                    new Relay(
                        ranks,
                        Footprint.inputBytes(blueprint, steps),
                        membership.shard().dividesRows()));
    MeasuredRanks inSteps = new MeasuredRanks(membership.ranks());
    Links links = Links.of(relay, inSteps, blueprint, steps.exchangedBytes());
    Footprint need =
        blueprint
            .footprint(steps, links.choice().transport(), links.sharesEmbedding())
            .withWorkspace(device.queue().workspaceBytes(blueprint.limits()));
    Capacity whole = Capacity.of(device, options.device());
    Capacity capacity = relay.map(others -> share(others, blueprint, need, whole)).orElse(whole);
    LoadPlan plan = LoadPlan.of(checkpoint, options, need, capacity);
    int context = agreed(plan, relay);
    int longestSequence = Math.min(context, config.contextLength());
    CacheShape shape = cacheShape(blueprint, need);
    DevicePages pages = new DevicePages(shape, context, device, arena);
    List<PagePool> pools = pools(membership, pages);
    HostPages hostPages = hostPages(pages, shape, plan, relay, device, arena);
    keepIn(pools, hostPages, relay);
    Exchanges exchanges = links.exchanges();
    Stepper stepper =
        new Stepper(
            new Stepper.Steps(
                blueprint.model(),
                membership.shard(),
                blueprint.compute(),
                steps,
                membership.tally()),
            device,
            pages,
            shape.pages(longestSequence),
            new Stepper.Others(relay, exchanges, hostPages),
            arena);
    device.lendWorkspace(blueprint.limits(longestSequence), arena);
    if (steps.gemmBytes() > 0) {
      device.lendGemm(steps.unpackedBytes(), arena);
    }
    // Last, since it takes long: all memory is taken before another process can take it.
    upload(blueprint.parameters(), relay, links.sharesEmbedding(), progress);
    RankLoad own =
        new RankLoad(
            blueprint.parameters().bytes(),
            need.weights().getOrDefault(WeightClass.EXPERTS, 0L),
            need.weights().getOrDefault(WeightClass.HEAD, 0L),
            shape.bytes(context),
            plan.budget().allocated(options.cacheTypes(), context) + hostPages.pinnedBytes(),
            device.allocatedBytes());
    List<RankLoad> all = relay.map(others -> ofAll(others, own)).orElse(List.of(own));
    return new Loaded(
        stepper,
        pools,
        context,
        longestSequence,
        own.weights(),
        own.cache(),
        blueprint.compute(),
        relay,
        all,
        links.choice(),
        exchanges,
        inSteps);
  }

  private static void upload(
      Parameters parameters,
      Optional<Relay> relay,
      boolean sharesEmbedding,
      LongConsumer progress) {
    parameters.upload(sharesEmbedding, progress);
    relay.ifPresent(
        others -> {
          MemorySegment own = parameters.embedding().orElse(MemorySegment.NULL);
          long[] ofFirst = others.gather(own.address(), own.byteSize())[0];
          if (sharesEmbedding) {
            parameters.readEmbedding(MemorySegment.ofAddress(ofFirst[0]).reinterpret(ofFirst[1]));
          }
        });
  }

  /** Nanoseconds of steps in which this rank did not wait for others; from any thread. */
  public long workNanos() {
    return stepper.busyNanos() - inSteps.nanos();
  }

  /**
   * Host memory for pages that leave the cache. Of several devices each has as many, and takes the
   * memory now, since one that had none later would end them all.
   */
  private static HostPages hostPages(
      DevicePages cache,
      CacheShape shape,
      LoadPlan plan,
      Optional<Relay> relay,
      Device device,
      Arena arena) {
    long page = shape.pageBytes() * shape.caches();
    long fitting = page == 0 ? Integer.MAX_VALUE : plan.cacheRam() / page;
    int own = (int) Math.min(fitting, Integer.MAX_VALUE);
    int slots = relay.map(ranks -> ranks.least(own)).orElse(own);
    HostPages pages =
        new HostPages(cache, shape, slots == Integer.MAX_VALUE ? 0 : slots, device, arena);
    if (relay.isPresent()) {
      pages.reserve();
    }
    return pages;
  }

  /** Of all ranks together, or of each that has sequences of its own. */
  private static List<PagePool> pools(Membership membership, DevicePages pages) {
    int pools = membership.ranks().rank() == 0 ? membership.shard().rowRanks() : 0;
    return IntStream.range(0, pools).mapToObj(rank -> new PagePool(rank, pages.count())).toList();
  }

  private static void keepIn(List<PagePool> pools, HostPages own, Optional<Relay> relay) {
    for (PagePool pool : pools) {
      Optional<PageStore> here = pool.rank() == 0 ? Optional.of(own) : Optional.empty();
      pool.keepIn(
          relay
              .<PageStore>map(all -> new RelayedPages(all, pool.rank(), here, own.slots()))
              .orElse(own));
    }
  }

  private static CacheShape cacheShape(Blueprint blueprint, Footprint need) {
    ModelConfig config = blueprint.checkpoint().config();
    return CacheShape.of(
        blueprint.device(),
        need.caches(),
        need.cacheHeads(),
        config.headDim(),
        config.latent(),
        blueprint.options().cacheTypes());
  }

  private static List<RankLoad> ofAll(Relay relay, RankLoad own) {
    return Arrays.stream(relay.gather(own.numbers())).map(RankLoad::of).toList();
  }

  /** What this rank may fill of the memory that it lies in, maybe with others. */
  private static Capacity share(Relay relay, Blueprint blueprint, Footprint need, Capacity own) {
    int rank = blueprint.membership().ranks().rank();
    EngineOptions options = blueprint.options();
    MemoryBudget budget = new MemoryBudget(need, own);
    var claim = SharedMemory.Claim.of(rank, options.device(), budget, options.cacheTypes());
    long[][] all = relay.gather(claim.words());
    return SharedMemory.of(all, blueprint.checkpoint().heldBytes()).share(rank, own);
  }

  /** The context that all ranks hold; Refusal.doesNotFit on all of them where one does not. */
  private static int agreed(LoadPlan plan, Optional<Relay> relay) {
    if (relay.isEmpty()) {
      plan.requireFits();
      return plan.context();
    }
    long left = plan.left();
    int largest = plan.budget().largestContext(plan.types());
    long[][] all = relay.get().gather(left, largest, plan.context());
    int fitting = (int) least(all, 1);
    for (int rank = 0; rank < all.length; rank++) {
      if (all[rank][0] < 0) {
        throw Refusal.doesNotFit(
            String.format(
                Locale.ROOT,
                "rank %d of %d lacks %s for its part of the model and %d tokens",
                rank,
                all.length,
                Gib.orBytes(-all[rank][0]),
                all[rank][2]),
            (fitting > 0 ? "use -c " + fitting + " or less" : "use more devices or a smaller model")
                + ", or see what gatun plan says of these devices");
      }
    }
    return (int) least(all, 2);
  }

  private static long least(long[][] all, int word) {
    return Arrays.stream(all).mapToLong(words -> words[word]).min().orElseThrow();
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
