// RankDevices: the devices of a model's ranks, as far as these can help each other.
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
record RankDevices(boolean inOneProcess, List<RankDevice> all) {

  /**
   * One device.
   *
   * @param gpu its number in its process; {@link #NONE} of a CPU
   * @param identity the same for the same GPU; 0 where it is not known
   * @param connects whether NCCL is found; false within one process, where it is not looked for
   */
  record RankDevice(int gpu, long identity, boolean connects) {
    private static final int NONE = -1;

    static RankDevice of(Device device, boolean inOneProcess) {
      return device
          .gpu()
          .map(
              gpu -> new RankDevice(gpu.index(), identity(gpu), !inOneProcess && device.connects()))
          .orElse(new RankDevice(NONE, 0, false));
    }

    private static RankDevice of(long[] words) {
      return new RankDevice((int) words[0], words[1], words[2] == 1);
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
  static RankDevices gathered(Relay relay, Ranks ranks, Device device) {
    RankDevice own = RankDevice.of(device, ranks.inOneProcess());
    long[][] words = relay.gather(own.words());
    return new RankDevices(ranks.inOneProcess(), Arrays.stream(words).map(RankDevice::of).toList());
  }

  /** Of one process. */
  static RankDevices of(List<Device> devices) {
    return new RankDevices(
        true, devices.stream().map(device -> RankDevice.of(device, true)).toList());
  }

  /** Of cards that need not be there. */
  static RankDevices assumed(boolean inOneProcess, List<Capacity> cards) {
    return new RankDevices(
        inOneProcess,
        cards.stream()
            .map(card -> new RankDevice(card.isGpu() ? 0 : RankDevice.NONE, 0, false))
            .toList());
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
