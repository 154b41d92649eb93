// LocalGroup: an exchange between threads: each writes its part where all read it.
package dev.gatun.ranks;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * Exchanges take turns in {@link #MOST_OPEN} slots. A slot counts who has published and who has
 * closed, over all its turns; a member writes into it when all have closed its turn before.
 */
final class LocalGroup implements Group {
  private static final int ALIGNMENT = 64;

  /**
   * A waiting thread first looks this often, some microseconds, before it sleeps until it is woken.
   * It never yields: where other programs run, they would have the processor for their whole turn.
   */
  private static final int SPINS = 300;

  private final Shared shared;
  private final int index;
  private long begun;

  LocalGroup(Shared shared, int index) {
    this.shared = shared;
    this.index = index;
  }

  /** What all members see. */
  static final class Shared {
    private final List<Integer> members;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment[] slots = new MemorySegment[MOST_OPEN];
    private final AtomicLong[] published = new AtomicLong[MOST_OPEN];
    private final AtomicLong[] closed = new AtomicLong[MOST_OPEN];
    private final Thread[] sleepers;

    /** A new Refusal once a rank has failed, null before. */
    private final Supplier<Refusal> failure;

    /** Spinning helps only where every thread has a processor. */
    private final int spins;

    Shared(List<Integer> members, long bytes, Supplier<Refusal> failure) {
      this.members = members;
      this.failure = failure;
      for (int i = 0; i < MOST_OPEN; i++) {
        slots[i] = arena.allocate(bytes, ALIGNMENT);
        published[i] = new AtomicLong();
        closed[i] = new AtomicLong();
      }
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

    void free() {
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
    if (ends.length != shared.members.size() || bytes > shared.slots[slot].byteSize()) {
      throw new IllegalArgumentException(
          ends.length + " parts of " + bytes + " bytes are not what the group was made for");
    }
    begun++;
    shared.await(index, shared.closed[slot], turn * ends.length);
    MemorySegment memory = shared.slots[slot].asSlice(0, bytes);
    long all = (turn + 1) * ends.length;
    return new Exchange() {
      @Override
      public MemorySegment memory() {
        return memory;
      }

      @Override
      public void publish() {
        shared.count(shared.published[slot]);
      }

      @Override
      public void await() {
        shared.await(index, shared.published[slot], all);
      }

      @Override
      public void close() {
        shared.count(shared.closed[slot]);
      }
    };
  }
}
