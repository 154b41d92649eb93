// MpiGroup: an exchange between processes: MPI gathers all parts in each process's memory.
package dev.gatun.ranks;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** Exchanges take turns in {@link #MOST_OPEN} slots, each with a memory of its own. */
final class MpiGroup implements Group {
  private static final int ALIGNMENT = 64;

  /** A waiting thread first looks this often without giving its processor away. */
  private static final int SPINS = 2_000;

  /** Then as often giving it away, before it sleeps between two looks. */
  private static final int YIELDS = 200;

  /** A sleep is at most this share of the wait so far: an answer is late by as little. */
  private static final int SHARE = 8;

  private static final long LONGEST_SLEEP = 2_000_000; // ns

  private final OpenMpi mpi;
  private final Watch watch;
  private final List<Integer> members;
  private final int index;
  private final MemorySegment communicator;
  private final Slot[] slots = new Slot[MOST_OPEN];

  /** Spinning helps only where every rank has a processor. */
  private final int spins;

  private long begun;

  /**
   * @param arena of the slots' memory; open until the last exchange is done
   * @param crowded whether this machine has more ranks than processors
   */
  MpiGroup(
      OpenMpi mpi,
      Watch watch,
      List<Integer> members,
      int rank,
      long bytes,
      Arena arena,
      boolean crowded) {
    if (bytes > Integer.MAX_VALUE) {
      throw Refusal.device(
          "an exchange of " + bytes + " bytes is more than MPI's " + Integer.MAX_VALUE,
          "let fewer tokens into a step",
          null);
    }
    this.mpi = mpi;
    this.watch = watch;
    this.members = List.copyOf(members);
    this.index = members.indexOf(rank);
    watch.waits(true);
    this.communicator = mpi.communicator(members);
    watch.waits(false);
    this.spins = crowded ? 0 : SPINS;
    for (int i = 0; i < MOST_OPEN; i++) {
      slots[i] = new Slot(arena, bytes, members.size());
    }
  }

  /** What one exchange after the other lies in. */
  private static final class Slot {
    private final MemorySegment memory;
    private final MemorySegment counts;
    private final MemorySegment starts;
    private final MemorySegment request;
    private final MemorySegment flag;
    private boolean open;
    private boolean underWay;

    Slot(Arena arena, long bytes, int members) {
      memory = arena.allocate(bytes, ALIGNMENT);
      counts = arena.allocate(JAVA_INT, members);
      starts = arena.allocate(JAVA_INT, members);
      request = arena.allocate(ValueLayout.ADDRESS);
      flag = arena.allocate(JAVA_INT);
    }

    void open(long[] ends) {
      if (open) {
        throw new IllegalStateException(
            "the exchange begun " + MOST_OPEN + " before is still open");
      }
      open = true;
      long start = 0;
      for (int i = 0; i < ends.length; i++) {
        counts.setAtIndex(JAVA_INT, i, (int) (ends[i] - start));
        starts.setAtIndex(JAVA_INT, i, (int) start);
        start = ends[i];
      }
    }
  }

  @Override
  public List<Integer> members() {
    return members;
  }

  @Override
  public int index() {
    return index;
  }

  @Override
  public Exchange begin(long... ends) {
    Slot slot = slots[(int) (begun % MOST_OPEN)];
    long bytes = ends[ends.length - 1];
    if (ends.length != members.size() || bytes > slot.memory.byteSize()) {
      throw new IllegalArgumentException(
          ends.length + " parts of " + bytes + " bytes are not what the group was made for");
    }
    settle(slot);
    slot.open(ends);
    begun++;
    MemorySegment memory = slot.memory.asSlice(0, bytes);
    return new Exchange() {
      @Override
      public MemorySegment memory() {
        return memory;
      }

      @Override
      public void publish() {
        watch.check();
        mpi.gather(memory, slot.counts, slot.starts, communicator, slot.request);
        slot.underWay = true;
      }

      @Override
      public void await() {
        settle(slot);
      }

      @Override
      public void close() {
        slot.open = false;
      }
    };
  }

  /** Waits for what is under way; no exchange is open. */
  void settle() {
    for (Slot slot : slots) {
      settle(slot);
    }
  }

  private void settle(Slot slot) {
    if (slot.underWay) {
      await(slot);
      slot.underWay = false;
    }
  }

  private void await(Slot slot) {
    watch.waits(true);
    long began = 0;
    for (int looks = 0; !mpi.done(slot.request, slot.flag); looks++) {
      watch.check();
      if (looks < spins) {
        Thread.onSpinWait();
      } else if (looks < spins + YIELDS) {
        Thread.yield();
      } else if (began == 0) {
        began = System.nanoTime();
      } else {
        // An idle rank costs next to nothing, and a busy one sleeps least.
        LockSupport.parkNanos(Math.min((System.nanoTime() - began) / SHARE, LONGEST_SLEEP));
      }
    }
    watch.waits(false);
  }
}
