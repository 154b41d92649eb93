// MeshPlan: a model spread over devices: what each has of it, and what fits on all.
package dev.gatun.load;

import dev.gatun.device.DeviceChoice;
import dev.gatun.kv.CacheTypes;
import dev.gatun.shard.Placement;
import dev.gatun.weights.Checkpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Computed before anything is loaded; {@link Loaded} follows the same plan.
 *
 * @param checkpoint must stay open as long as the plan is used
 * @param transport of what ranks hand each other
 * @param choices the devices, by rank; of cards that are not there what stands for them
 * @param capacities of each alone
 * @param shares what each has of the model
 */
public record MeshPlan(
    Checkpoint checkpoint,
    EngineOptions options,
    Placement.Mode mode,
    TransportChoice transport,
    List<DeviceChoice> choices,
    List<Capacity> capacities,
    List<Share> shares) {

  /**
   * One rank's part of a model.
   *
   * @param need memory
   * @param readBytes of weights that a step of one token reads, experts as on average
   * @param exchangedBytes of a step of one token in the groups that this rank is the first of
   * @param exchanges of these
   */
  public record Share(Footprint need, long readBytes, long exchangedBytes, int exchanges) {}

  public MeshPlan {
    choices = List.copyOf(choices);
    capacities = List.copyOf(capacities);
    shares = List.copyOf(shares);
  }

  public CacheTypes types() {
    return options.cacheTypes();
  }

  /** The types that suit this model's heads, from most bytes to fewest. */
  public List<CacheTypes> cacheTypes() {
    return shares.getFirst().need().cacheTypes();
  }

  /** Tokens of the cache, of all sequences together, whether they fit or not. */
  public int context() {
    return LoadPlan.contextOf(checkpoint.config(), options, largestContext(types()));
  }

  /** Each rank's budget, where ranks that lie in one memory divide it. */
  public List<MemoryBudget> budgets(CacheTypes types) {
    List<SharedMemory.Claim> claims = new ArrayList<>();
    for (int rank = 0; rank < shares.size(); rank++) {
      claims.add(SharedMemory.Claim.of(rank, choices.get(rank), alone(rank), types));
    }
    SharedMemory memory = new SharedMemory(claims, checkpoint.heldBytes());
    return IntStream.range(0, shares.size())
        .mapToObj(
            rank ->
                new MemoryBudget(shares.get(rank).need(), memory.share(rank, capacities.get(rank))))
        .toList();
  }

  private MemoryBudget alone(int rank) {
    return new MemoryBudget(shares.get(rank).need(), capacities.get(rank));
  }

  /** The largest that fits on all, in whole pages; 0 where none does. */
  public int largestContext(CacheTypes types) {
    return budgets(types).stream()
        .mapToInt(budget -> budget.largestContext(types))
        .min()
        .orElseThrow();
  }

  public boolean fits() {
    int context = context();
    return budgets(types()).stream().allMatch(budget -> budget.fits(types(), context));
  }

  /** Left where least is; negative where it does not fit. */
  public long left() {
    int context = context();
    return budgets(types()).stream()
        .mapToLong(budget -> budget.left(types(), context))
        .min()
        .orElseThrow();
  }

  /** Bytes that a token hands from rank to rank. */
  public long exchangedBytes() {
    return shares.stream().mapToLong(Share::exchangedBytes).sum();
  }

  /** Times that ranks wait for each other for a token. */
  public int exchanges() {
    return shares.stream().mapToInt(Share::exchanges).sum();
  }

  /**
   * Most bytes of weights that a token reads one after another: of ranks that work at once the most
   * of one, of ranks that wait for each other all.
   */
  public long readInTurn() {
    long all = shares.stream().mapToLong(Share::readBytes).sum();
    long most = shares.stream().mapToLong(Share::readBytes).max().orElseThrow();
    return switch (mode) {
      case TENSOR, EXPERT, DATA -> most;
      case LAYER -> all;
      case HYBRID -> {
        long first = shares.getFirst().readBytes();
        long others = shares.stream().skip(1).mapToLong(Share::readBytes).max().orElse(0);
        yield first + others;
      }
    };
  }

  /**
   * Least seconds in which a token's weights are read, where ranks on the CPU share its bandwidth.
   *
   * @param bandwidths bytes a second, by rank
   */
  public double readSeconds(List<Double> bandwidths) {
    return switch (mode) {
      case TENSOR, EXPERT, DATA -> seconds(0, bandwidths, false);
      case LAYER -> seconds(0, bandwidths, true);
      case HYBRID ->
          shares.getFirst().readBytes() / bandwidths.getFirst() + seconds(1, bandwidths, false);
    };
  }

  /** Of ranks {@code from} on, one after another or all at once. */
  private double seconds(int from, List<Double> bandwidths, boolean inTurn) {
    double host = 0;
    double others = 0;
    for (int rank = from; rank < shares.size(); rank++) {
      double one = shares.get(rank).readBytes() / bandwidths.get(rank);
      if (!capacities.get(rank).isGpu()) {
        host += one;
      } else {
        others = inTurn ? others + one : Math.max(others, one);
      }
    }
    return inTurn ? host + others : Math.max(host, others);
  }

  /** Of the machine's memory, besides what ranks that lie in it take: pinned, and exchanges. */
  public long outsideBytes() {
    return IntStream.range(0, shares.size()).mapToLong(rank -> alone(rank).outside()).sum();
  }
}
