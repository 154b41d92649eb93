// Membership: which rank of how many a load is for, and what of the model it takes.
package dev.gatun.load;

import dev.gatun.ranks.LocalRanks;
import dev.gatun.ranks.Ranks;
import dev.gatun.refusal.Refusal;
import dev.gatun.shard.ExpertShape;
import dev.gatun.shard.ExpertTally;
import dev.gatun.shard.Placement;
import dev.gatun.shard.Shard;
import dev.gatun.weights.ModelConfig;
import java.util.Optional;

/**
 * All ranks of a load have the same placement.
 *
 * @param tally counts what the rank's routers choose; empty where nobody asks
 */
public record Membership(Ranks ranks, Placement placement, Optional<ExpertTally> tally) {

  /** Nobody counts. */
  public Membership(Ranks ranks, Placement placement) {
    this(ranks, placement, Optional.empty());
  }

  /** Of a rank, which counts what is chosen where the options ask for it. */
  public static Membership of(
      ModelConfig config, EngineOptions options, Placement placement, Ranks ranks) {
    Optional<ExpertTally> tally =
        options.countsExperts()
            ? Optional.of(new ExpertTally(countedExperts(config), placement.shard(ranks.rank())))
            : Optional.empty();
    return new Membership(ranks, placement, tally);
  }

  /** Refusal.usage where the model has none. */
  public static ExpertShape countedExperts(ModelConfig config) {
    return config
        .expertShape()
        .orElseThrow(
            () -> Refusal.usage("the model has no experts to count", "leave --record-experts out"));
  }

  /** A model on one device. */
  public static Membership alone(int layers) {
    return new Membership(LocalRanks.of(1).getFirst(), Placement.single(layers));
  }

  Shard shard() {
    return placement.shard(ranks.rank());
  }

  /** Whether there are other ranks. */
  public boolean isShared() {
    return ranks.size() > 1;
  }
}
