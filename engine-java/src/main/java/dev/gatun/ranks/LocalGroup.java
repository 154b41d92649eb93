// LocalGroup: an exchange between threads: each writes its part where all read it.
package dev.gatun.ranks;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * Exchanges take turns in {@link #MOST_OPEN} slots. A slot counts who has published and who has
 * closed, over all its turns; a member writes into it when all have closed its turn before.
 */
final class LocalGroup implements Group {
  /**
   * A waiting thread first looks this often, some microseconds, before it sleeps until it is woken.
   * It never yields: where other programs run, they would have the processor for their whole turn.
   */
  private static final int SPINS = 300;

  private final Shared shared;
  private final int index;
  private final Arrival[] reads = new Arrival[MOST_OPEN];
  private long begun;

  LocalGroup(Shared shared, int index) {
    this.shared = shared;
    this.index = index;
  }

  /** What all members see. */
  static final class Shared {
    private final List<Integer> members;
    private final Arena arena = Arena.ofShared();
    private final long bytes;
    private final MemorySegment[] slots = new MemorySegment[MOST_OPEN];
    private final AtomicLong[] published = new AtomicLong[MOST_OPEN];
    private final AtomicLong[] closed = new AtomicLong[MOST_OPEN];
    private final Thread[] sleepers;

    /** By slot and member: what its part waits for, or null; written before it is published. */
    private final Arrival[][] given;

    private final List<Runnable> ends = new ArrayList<>();
    private boolean pinned;

    /** A new Refusal once a rank has failed, null before. */
    private final Supplier<Refusal> failure;

    /** Spinning helps only where every thread has a processor. */
    private final int spins;

    Shared(List<Integer> members, long bytes, Supplier<Refusal> failure) {
      this.members = members;
      this.failure = failure;
      for (int i = 0; i < MOST_OPEN; i++) {
        slots[i] = Pinning.pages(bytes, arena);
        published[i] = new AtomicLong();
        closed[i] = new AtomicLong();
      }
      this.bytes = bytes;
      given = new Arrival[MOST_OPEN][members.size()];
      sleepers = new Thread[members.size()];
      spins = members.size() <= Runtime.getRuntime().availableProcessors() ? SPINS : 0;
    }

    /** Waits until {@code counter} is at least {@code wanted}. */
    private void await(int index, AtomicLong counter, long wanted) {
      for (int looks = 0; counter.get() < wanted; looks++) {
        Refusal failed = failure.get();
        if (failed != null) {
          if (counter.get() >= wanted) {
            return; // all were here, and one has failed since: what comes next tells this one, too
          }
          throw failed;
        }
        if (looks < spins) {
          Thread.onSpinWait();
        } else {
          sleep(index, counter, wanted);
        }
      }
    }

    private void sleep(int index, AtomicLong counter, long wanted) {
      synchronized (sleepers) {
        sleepers[index] = Thread.currentThread();
      }
      // Whoever counts up now, or fails, sees the sleeper.
      if (counter.get() < wanted && failure.get() == null) {
        LockSupport.park(this);
      }
    }

    private void count(AtomicLong counter) {
      counter.incrementAndGet();
      wakeAll();
    }

    void wakeAll() {
      synchronized (sleepers) {
        for (int i = 0; i < sleepers.length; i++) {
          LockSupport.unpark(sleepers[i]);
          sleepers[i] = null;
        }
      }
    }

    private synchronized void pin(Pinning pinning) {
      if (!pinned) {
        pinned = true;
        for (MemorySegment slot : slots) {
          ends.add(pinning.pin(slot));
        }
      }
    }

    private synchronized void atEnd(Runnable last) {
      ends.add(last);
    }

    synchronized void free() {
      ends.forEach(Runnable::run);
      arena.close();
    }
  }

  @Override
  public List<Integer> members() {
    return shared.members;
  }

  @Override
  public int index() {
    return index;
  }

  @Override
  public Exchange begin(long... ends) {
    int slot = (int) (begun % MOST_OPEN);
    long turn = begun / MOST_OPEN;
    long bytes = ends[ends.length - 1];
    if (ends.length != shared.members.size() || bytes > shared.bytes) {
      throw new IllegalArgumentException(
          ends.length + " parts of " + bytes + " bytes are not what the group was made for");
    }
    begun++;
    if (reads[slot] != null) {
      reads[slot].await();
      reads[slot] = null;
      shared.count(shared.closed[slot]);
    }
    shared.await(index, shared.closed[slot], turn * ends.length);
    shared.given[slot][index] = null;
    return new Turn(slot, shared.slots[slot].asSlice(0, bytes), (turn + 1) * ends.length);
  }

  @Override
  public void pin(Pinning pinning) {
    shared.pin(pinning);
  }

  @Override
  public void atEnd(Runnable last) {
    shared.atEnd(last);
  }

  /** Of a slot. */
  private final class Turn implements Exchange {
    private final int slot;
    private final MemorySegment memory;
    private final long all;

    /**
     * @param all who will have published in this slot by the turn's end
     */
    Turn(int slot, MemorySegment memory, long all) {
      this.slot = slot;
      this.memory = memory;
      this.all = all;
    }

    @Override
    public MemorySegment memory() {
      return memory;
    }

    @Override
    public void publish() {
      shared.count(shared.published[slot]);
    }

    @Override
    public void publish(Arrival copies) {
      shared.given[slot][index] = copies;
      publish();
    }

    @Override
    public void await() {
      announced().forEach(Arrival::await);
    }

    @Override
    public List<Arrival> announced() {
      shared.await(index, shared.published[slot], all);
      return Arrays.stream(shared.given[slot]).filter(Objects::nonNull).toList();
    }

    @Override
    public void close() {
      shared.count(shared.closed[slot]);
    }

    /** It is counted when this member comes to the slot again, which nobody passes before. */
    @Override
    public void close(Arrival copies) {
      reads[slot] = copies;
    }
  }
}
