// Places: where the ranks of a model are, as far as they can help each other.
package dev.gatun.load;

import dev.gatun.device.Device;
import dev.gatun.device.Gpu;
import dev.gatun.ranks.Ranks;
import dev.gatun.shard.Shard;
import dev.gatun.step.Relay;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/**
 * @param inOneProcess or each in a process of its own
 * @param all by rank
 */
record Places(boolean inOneProcess, List<Place> all) {

  /**
   * One device.
   *
   * @param gpu its number in its process; {@link #NONE} of a CPU
   * @param identity the same for the same GPU; 0 where it is not known
   * @param connects whether NCCL is found
   */
  record Place(int gpu, long identity, boolean connects) {
    private static final int NONE = -1;

    static Place of(Device device) {
      return device
          .gpu()
          .map(gpu -> new Place(gpu.index(), identity(gpu), device.connects()))
          .orElse(new Place(NONE, 0, false));
    }

    private static Place of(long[] words) {
      return new Place((int) words[0], words[1], words[2] == 1);
    }

    private static long identity(Gpu gpu) {
      if (gpu.uuid().isEmpty()) {
        return 0;
      }
      UUID uuid = UUID.fromString(gpu.uuid());
      return uuid.getMostSignificantBits() ^ uuid.getLeastSignificantBits();
    }

    private long[] words() {
      return new long[] {gpu, identity, connects ? 1 : 0};
    }

    boolean isCpu() {
      return gpu == NONE;
    }
  }

  /** All ranks call it. */
  static Places gathered(Relay relay, Ranks ranks, Device device) {
    long[][] words = relay.gather(Place.of(device).words());
    return new Places(ranks.inOneProcess(), Arrays.stream(words).map(Place::of).toList());
  }

  /** Of one process. */
  static Places of(List<Device> devices) {
    return new Places(true, devices.stream().map(Place::of).toList());
  }

  /** Of cards that need not be there. */
  static Places assumed(boolean inOneProcess, List<Capacity> cards) {
    return new Places(
        inOneProcess,
        cards.stream().map(card -> new Place(card.isGpu() ? 0 : Place.NONE, 0, false)).toList());
  }

  /**
   * Whether a rank reads the embedding that rank 0 has, in host memory. A GPU reads there what is
   * pinned, as it is for rank 0's GPU.
   */
  boolean sharesEmbedding(Shard shard) {
    return inOneProcess
        && shard.rank() > 0
        && shard.homes(0).containsAll(List.of(0, shard.rank()))
        && (all.get(shard.rank()).isCpu() || !all.getFirst().isCpu());
  }
}
