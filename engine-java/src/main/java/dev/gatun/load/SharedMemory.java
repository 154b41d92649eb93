// SharedMemory: what each rank may fill of the memory that it lies in with others; arithmetic only.
package dev.gatun.load;

import dev.gatun.device.DeviceChoice;
import dev.gatun.device.HostMemory;
import dev.gatun.kv.CacheTypes;
import java.util.Arrays;
import java.util.List;

/**
 * Ranks on the CPU all lie in the machine's memory, two ranks on one GPU in that GPU's. What one
 * does not need is there for the others, so that all hold the same context.
 *
 * @param claims of all ranks, in their order
 * @param held bytes of the machine's memory that the checkpoint takes, once for all ranks
 */
record SharedMemory(List<Claim> claims, long held) {
  private static final long HOST = 0;

  /**
   * What a rank needs, in bytes.
   *
   * @param machine where it runs
   * @param memory which of the machine's: 0 its own, else equal for ranks that lie in the same
   * @param bytes of that memory, without {@code margin}
   * @param fixed of it, whatever the context is
   * @param page of it, for a page in all its caches
   * @param outside of the machine's memory, where that is another
   */
  record Claim(long machine, long memory, long bytes, long fixed, long page, long outside) {

    static Claim of(int rank, DeviceChoice choice, MemoryBudget budget, CacheTypes types) {
      Capacity capacity = budget.capacity();
      long margin = capacity.isHost() ? capacity.margin() : 0;
      return new Claim(
          HostMemory.machine(),
          memory(rank, choice, capacity),
          capacity.bytes() - margin,
          capacity.bytes() - margin - budget.leftForCache(),
          budget.need().pageBytes(types),
          budget.outside());
    }

    /**
     * A card that is not there, or is simulated, is no other rank's. Processes may number the GPUs
     * that they see each in its own way.
     */
    private static long memory(int rank, DeviceChoice choice, Capacity capacity) {
      if (capacity.isHost()) {
        return HOST;
      }
      return choice.kind() == DeviceChoice.Kind.CUDA
          ? (ProcessHandle.current().pid() << Short.SIZE) + choice.index()
          : -1 - rank;
    }

    static Claim of(long[] words) {
      return new Claim(words[0], words[1], words[2], words[3], words[4], words[5]);
    }

    long[] words() {
      return new long[] {machine, memory, bytes, fixed, page, outside};
    }
  }

  static SharedMemory of(long[][] words, long held) {
    return new SharedMemory(Arrays.stream(words).map(Claim::of).toList(), held);
  }

  /** The capacity of a rank, of which alone it would have {@code own}. */
  Capacity share(int rank, Capacity own) {
    Claim mine = claims.get(rank);
    List<Claim> near = claims.stream().filter(one -> one.machine == mine.machine).toList();
    List<Claim> together = near.stream().filter(one -> one.memory == mine.memory).toList();
    if (together.size() == 1 && mine.memory != HOST) {
      return own;
    }
    int ranks = together.size();
    long bytes = together.stream().mapToLong(Claim::bytes).min().orElseThrow();
    long gone = mine.memory == HOST ? held + near.stream().mapToLong(Claim::outside).sum() : 0;
    long left = bytes - gone - together.stream().mapToLong(Claim::fixed).sum();
    long pageBytes = together.stream().mapToLong(Claim::page).sum();
    long part =
        left < 0 || pageBytes == 0
            ? Math.floorDiv(left, ranks)
            : Math.floorDiv(left, pageBytes) * mine.page;
    long margin = own.isHost() ? own.margin() / ranks : 0;
    return own.share(mine.fixed + part + margin, ranks);
  }
}
