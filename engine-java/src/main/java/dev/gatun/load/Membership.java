// Membership: which rank of how many a load is for, and what of the model it takes.
package dev.gatun.load;

import dev.gatun.ranks.LocalRanks;
import dev.gatun.ranks.Ranks;
import dev.gatun.shard.ExpertTally;
import dev.gatun.shard.Placement;
import dev.gatun.shard.Shard;
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
