// LocalRanks: ranks that are threads of one process and hand each other bytes in its memory.
package dev.gatun.ranks;

import dev.gatun.device.Device;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One thread's view; the memory is shared by all. */
public final class LocalRanks implements Ranks {
  private final World world;
  private final int rank;

  /** How many groups of each membership this rank has joined. */
  private final Map<List<Integer>, Integer> joined = new HashMap<>();

  /** What all ranks see. */
  private static final class World {
    private final int size;
    private final Map<Name, LocalGroup.Shared> groups = new HashMap<>();
    private volatile Failure failure;
    private int open;

    World(int size) {
      this.size = size;
      open = size;
    }

    synchronized LocalGroup.Shared group(Name name, long bytes) {
      return groups.computeIfAbsent(
          name, absent -> new LocalGroup.Shared(name.members, bytes, this::failed));
    }

    /** A new one each time, since several threads throw it; null while all is well. */
    private Refusal failed() {
      Failure seen = failure;
      return seen == null ? null : Refusal.of(seen.kind, seen.what, "all ranks end");
    }

    synchronized void fail(Failure reason) {
      failure = failure == null ? reason : failure;
      groups.values().forEach(LocalGroup.Shared::wakeAll);
    }

    synchronized void close() {
      if (--open == 0) {
        groups.values().forEach(LocalGroup.Shared::free);
      }
    }
  }

  /** Why all end. */
  private record Failure(Refusal.Reason kind, String what) {}

  private record Name(List<Integer> members, int number) {}

  private LocalRanks(World world, int rank) {
    this.world = world;
    this.rank = rank;
  }

  /** {@code size} ranks that see each other. */
  public static List<Ranks> of(int size) {
    World world = new World(size);
    List<Ranks> ranks = new ArrayList<>();
    for (int rank = 0; rank < size; rank++) {
      ranks.add(new LocalRanks(world, rank));
    }
    return ranks;
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int size() {
    return world.size;
  }

  @Override
  public Group group(List<Integer> members, long bytes) {
    return LocalGroup.onHost(shared(members, bytes), members.indexOf(rank));
  }

  private LocalGroup.Shared shared(List<Integer> members, long bytes) {
    int number = joined.merge(List.copyOf(members), 1, Integer::sum);
    return world.group(new Name(List.copyOf(members), number), bytes);
  }

  @Override
  public boolean inOneProcess() {
    return true;
  }

  @Override
  public Link link(List<Integer> members, Device device) {
    return bytes -> {
      LocalGroup.Shared shared = shared(members, bytes);
      // Others may read it when this rank has ended already.
      Arena arena = Arena.ofShared();
      shared.atEnd(arena::close);
      MemorySegment own = device.allocate(Link.PURPOSE, Group.MOST_OPEN * bytes, arena).segment();
      return LocalGroup.lending(shared, members.indexOf(rank), own);
    };
  }

  @Override
  public Refusal fail(Refusal.Reason kind, String reason) {
    world.fail(new Failure(kind, "rank " + rank + " ended: " + reason));
    return world.failed();
  }

  @Override
  public void close() {
    world.close();
  }
}
