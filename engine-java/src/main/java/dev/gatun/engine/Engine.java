// Engine: a loaded model on its device.
package dev.gatun.engine;

import dev.gatun.device.Binding;
import dev.gatun.device.Device;
import dev.gatun.device.Sampling;
import dev.gatun.graph.Compute;
import dev.gatun.kv.CacheCounts;
import dev.gatun.kv.PagePool;
import dev.gatun.kv.PageTable;
import dev.gatun.load.Batching;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.Loaded;
import dev.gatun.load.Membership;
import dev.gatun.load.RankLoad;
import dev.gatun.load.TransportChoice;
import dev.gatun.ranks.MeasuredRanks;
import dev.gatun.ranks.Ranks;
import dev.gatun.shard.ExpertCounts;
import dev.gatun.shard.ExpertTally;
import dev.gatun.shard.Placement;
import dev.gatun.step.Batch;
import dev.gatun.step.Stepper;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.ModelConfig;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * Weights, cache and programs, all its own: the checkpoint may be closed once it is loaded.
 * Sessions share it: any number of threads may use sessions of one engine, a thread of its own runs
 * what they ask for, many sequences a step.
 */
public final class Engine implements AutoCloseable {
  private final Arena arena;
  private final Device device;
  private final ModelConfig config;
  private final EngineOptions options;
  private final Loaded loaded;
  private final long weightBytesPerToken;
  private final Scheduler scheduler;
  private final IdleSequences idle = new IdleSequences();
  private final Followers followers;
  private final Membership first;
  private final List<ExpertTally> tallies;
  private volatile Optional<long[]> countsOfProcesses = Optional.empty();
  private boolean closed;

  private Engine(
      Checkpoint checkpoint,
      EngineOptions options,
      Device device,
      List<Membership> members,
      Followers followers,
      Arena arena,
      LongConsumer progress) {
    this.followers = followers;
    first = members.getFirst();
    tallies = members.stream().flatMap(member -> member.tally().stream()).toList();
    this.arena = arena;
    this.device = device;
    this.options = options;
    config = checkpoint.config();
    loaded = Loaded.of(checkpoint, options, device, members.getFirst(), arena, progress);
    Stepper stepper = loaded.stepper();
    try {
      weightBytesPerToken = stepper.weightBytesPerToken();
      if (stepper.records()) {
        record(stepper);
      }
    } catch (RuntimeException | Error e) {
      stepper.close();
      throw e;
    }
    Batching batching = options.batching();
    StepPolicy policy =
        new StepPolicy(stepper.most(), batching.promptTokens(device.isGpu()), batching.order());
    boolean runsAhead = device.isGpu() && !stepper.isShared();
    scheduler = new Scheduler(stepper, policy, runsAhead, idle, new Places(loaded.pools()));
  }

  /** Loads a checkpoint; Refusal where it is inconsistent, unsupported, or does not fit. */
  public static Engine load(Checkpoint checkpoint, EngineOptions options) {
    return load(checkpoint, options, bytes -> {});
  }

  /**
   * @param progress hears how many bytes of {@link #weightBytes} are on the device
   */
  public static Engine load(Checkpoint checkpoint, EngineOptions given, LongConsumer progress) {
    EngineOptions options = given.withMesh(given.mesh().of(checkpoint.config()));
    Placement placement = options.mesh().placement(checkpoint.config());
    // Other processes run the other ranks; their Ranks are their owner's to close.
    List<MeasuredRanks> ranks = options.mesh().ranks().stream().map(MeasuredRanks::new).toList();
    List<Membership> members =
        ranks.stream()
            .map(each -> Membership.of(checkpoint.config(), options, placement, each))
            .toList();
    Device device = Device.open(options.device());
    Arena arena = Arena.ofShared();
    Followers followers = Followers.start(checkpoint, options, members, ranks);
    // Its own thread, which this one starts, stays where this one is meanwhile.
    try (Binding _ = Binding.to(options.device())) {
      return new Engine(checkpoint, options, device, members, followers, arena, progress);
    } catch (RuntimeException | Error e) {
      followers.abandon(e);
      arena.close();
      device.close();
      throw e;
    }
  }

  /**
   * On a rank of several processes that is not the first: loads its share, and runs the steps that
   * rank 0 issues. Returns when that closes its engine; what happens here or on another rank
   * instead is thrown.
   */
  public static void follow(Checkpoint checkpoint, EngineOptions options) {
    Placement placement = options.mesh().placement(checkpoint.config());
    Ranks ranks = options.mesh().processes().orElseThrow();
    Membership own = Membership.of(checkpoint.config(), options, placement, ranks);
    Followers.follow(checkpoint, options, own, _ -> {});
  }

  /** Runs a step of token 0 on the empty cache, so that no first answer waits for the recording. */
  private void record(Stepper stepper) {
    try (PageTable pages = new PageTable(loaded.pools().getFirst())) {
      pages.grow(1);
      Optional<Sampling> greedy = Optional.of(Sampling.greedy(config.vocab()));
      Batch batch = new Batch(List.of(new Batch.Part(new int[1], 0, pages, 1, greedy)));
      for (int i = 0; i < 2; i++) {
        stepper.issue(batch, false).await();
      }
    }
  }

  public ModelConfig config() {
    return config;
  }

  public EngineOptions options() {
    return options;
  }

  /** For what it is and has; its ops and memory are the engine's own. */
  public Device device() {
    return device;
  }

  /** Tokens that all sessions together can hold. */
  public int context() {
    return (int) Math.min((long) loaded.context() * loaded.pools().size(), Integer.MAX_VALUE);
  }

  /**
   * Tokens of the cache on each device: all there are, where devices have no sessions of their own.
   */
  public int contextOfEach() {
    return loaded.context();
  }

  /** Tokens that one session can hold. */
  public int longestSequence() {
    return loaded.longestSequence();
  }

  /** In which numbers linears are computed: never AUTO. */
  public Compute compute() {
    return loaded.compute();
  }

  /** Bytes of weights on the device. */
  public long weightBytes() {
    return loaded.weightBytes();
  }

  /** Bytes of the cache's pages on the first device. */
  public long cacheBytes() {
    return loaded.cacheBytes();
  }

  /** What each rank has loaded, by rank; one where the model is on one device. */
  public List<RankLoad> ranks() {
    return loaded.ranks();
  }

  /** How the ranks hand each other bytes. */
  public TransportChoice transport() {
    return loaded.transport();
  }

  /** What the ranks have handed each other since they began to load, and their experts computed. */
  public MeshCounts meshCounts() {
    return new MeshCounts(
        followers.exchangedBytes(),
        followers.nanosOfFirst(),
        followers.workNanos(loaded),
        loaded.exchanges().expertRows());
  }

  /** Bytes of weights that a step of one token reads. */
  public long weightBytesPerToken() {
    return weightBytesPerToken;
  }

  /**
   * Nanoseconds that steps were on the device since it was loaded: by its own clock, from a step's
   * first copy to its last. The CPU's sampling is in no step.
   */
  public long busyNanos() {
    return loaded.stepper().busyNanos();
  }

  /**
   * How often each expert was chosen by the steps so far; empty where the options do not ask for
   * it. May be called after {@link #close}; of several processes only then, since they tell each
   * other at the end.
   */
  public Optional<ExpertCounts> expertCounts() {
    if (tallies.isEmpty()) {
      return Optional.empty();
    }
    if (options.mesh().processes().isPresent()) {
      long[] all =
          countsOfProcesses.orElseThrow(
              () -> new IllegalStateException("other processes have not told their counts"));
      return Optional.of(ExpertCounts.of(Membership.countedExperts(config), all));
    }
    ExpertCounts total = new ExpertCounts(Membership.countedExperts(config));
    tallies.forEach(tally -> tally.addTo(total));
    return Optional.of(total);
  }

  /**
   * How much of the cache is used: of rank 0's where each rank has a part of every page; from any
   * thread.
   */
  public CacheCounts cacheCounts() {
    return loaded.pools().stream().map(PagePool::counts).reduce(CacheCounts::plus).orElseThrow();
  }

  /** How many answers and prompts run and wait; from any thread. */
  public TaskCounts taskCounts() {
    return scheduler.counts();
  }

  /** An empty sequence; from any thread. */
  public Session newSession() {
    return new Session(this, new PageTable(loaded.pools().getFirst()));
  }

  /**
   * Whether steps end in {@code gk_sample} where samplers allow. On the CPU nothing would run
   * ahead: one row is drawn by Java there, several are drawn by as many threads.
   */
  boolean drawsOnDevice() {
    return device.isGpu() && options.mesh().size() == 1 || options.batching().sequences() > 1;
  }

  Scheduler scheduler() {
    return scheduler;
  }

  IdleSequences idle() {
    return idle;
  }

  /**
   * Ends what sessions run, at the next step: their calls throw IllegalStateException, as all later
   * ones do. Returns when the device is free; may be called twice, from any thread.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    scheduler.close();
    followers.end(
        loaded.relay(),
        () -> {
          if (options.mesh().processes().isPresent()) {
            countsOfProcesses = Followers.countsOfAll(first, loaded);
          }
        });
    loaded.stepper().close();
    arena.close();
    device.close();
  }
}
