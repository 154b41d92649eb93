// LocalGroup: an exchange between threads: each writes its part where all, or their devices, read
// it.
package dev.gatun.ranks;

import dev.gatun.device.Mark;
import dev.gatun.device.Parts;
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
  private final Mark[] reads = new Mark[MOST_OPEN];
  private long begun;

  private LocalGroup(Shared shared, int index) {
    this.shared = shared;
    this.index = index;
  }

  static LocalGroup onHost(Shared shared, int index) {
    shared.onHost();
    return new LocalGroup(shared, index);
  }

  /**
   * All members lend memory.
   *
   * @param own {@link #MOST_OPEN} times what one exchange takes
   */
  static LocalGroup lending(Shared shared, int index, MemorySegment own) {
    MemorySegment[] slots = new MemorySegment[MOST_OPEN];
    for (int slot = 0; slot < MOST_OPEN; slot++) {
      slots[slot] = own.asSlice(slot * shared.bytes, shared.bytes);
    }
    shared.lent[index] = slots;
    return new LocalGroup(shared, index);
  }

  /** What all members see. */
  static final class Shared {
    private final List<Integer> members;
    private final Arena arena = Arena.ofShared();
    private final long bytes;

    /** In host memory, of all parts; null where members lend their own. */
    private final MemorySegment[] slots = new MemorySegment[MOST_OPEN];

    /** By member: slots of its parts alone; written before it publishes first. */
    private final MemorySegment[][] lent;

    private final AtomicLong[] published = new AtomicLong[MOST_OPEN];
    private final AtomicLong[] closed = new AtomicLong[MOST_OPEN];
    private final Thread[] sleepers;

    /** By slot and member: what its part waits for, or null; written before it is published. */
    private final Mark[][] given;

    private final List<Runnable> ends = new ArrayList<>();
    private boolean pinned;

    /** A new Refusal once a rank has failed, null before. */
    private final Supplier<Refusal> failure;

    /** Spinning helps only where every thread has a processor. */
    private final int spins;

    Shared(List<Integer> members, long bytes, Supplier<Refusal> failure) {
      this.members = members;
      this.failure = failure;
      lent = new MemorySegment[members.size()][];
      for (int i = 0; i < MOST_OPEN; i++) {
        published[i] = new AtomicLong();
        closed[i] = new AtomicLong();
      }
      this.bytes = bytes;
      given = new Mark[MOST_OPEN][members.size()];
      sleepers = new Thread[members.size()];
      spins = members.size() <= Runtime.getRuntime().availableProcessors() ? SPINS : 0;
    }

    /** Takes host memory, once. */
    private synchronized void onHost() {
      for (int i = 0; i < MOST_OPEN && slots[i] == null; i++) {
        slots[i] = Pinning.pages(bytes, arena);
      }
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

    synchronized void atEnd(Runnable last) {
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
  public Exchange begin(Parts parts) {
    int slot = (int) (begun % MOST_OPEN);
    long turn = begun / MOST_OPEN;
    int count = parts.count();
    if (count != shared.members.size() || parts.bytes() > shared.bytes) {
      throw new IllegalArgumentException(
          count + " parts of " + parts.bytes() + " bytes are not what the group was made for");
    }
    begun++;
    if (reads[slot] != null) {
      reads[slot].await();
      reads[slot] = null;
      shared.count(shared.closed[slot]);
    }
    shared.await(index, shared.closed[slot], turn * count);
    shared.given[slot][index] = null;
    return new Turn(slot, parts, (turn + 1) * count);
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
    private final Parts parts;
    private final long all;

    /**
     * @param all who will have published in this slot by the turn's end
     */
    Turn(int slot, Parts parts, long all) {
      this.slot = slot;
      this.parts = parts;
      this.all = all;
    }

    @Override
    public MemorySegment at(long offset) {
      if (shared.lent[index] == null) {
        return shared.slots[slot].asSlice(offset, parts.bytes() - offset);
      }
      int member = 0;
      while (offset >= parts.end(member)) {
        member++;
      }
      return shared.lent[member][slot].asSlice(
          offset - parts.begin(member), parts.end(member) - offset);
    }

    @Override
    public void publish() {
      shared.count(shared.published[slot]);
    }

    @Override
    public void publish(Mark copies) {
      shared.given[slot][index] = copies;
      publish();
    }

    @Override
    public void await() {
      announced().forEach(Mark::await);
    }

    @Override
    public List<Mark> announced() {
      shared.await(index, shared.published[slot], all);
      return Arrays.stream(shared.given[slot]).filter(Objects::nonNull).toList();
    }

    @Override
    public void close() {
      shared.count(shared.closed[slot]);
    }

    /** It is counted when this member comes to the slot again, which nobody passes before. */
    @Override
    public void close(Mark copies) {
      reads[slot] = copies;
    }
  }
}
