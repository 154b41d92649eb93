// MpiGroup: an exchange between processes: MPI brings parts to each process's memory.
package dev.gatun.ranks;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.gatun.device.Mark;
import dev.gatun.device.Parts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** Exchanges take turns in {@link #MOST_OPEN} slots, each with a memory of its own. */
final class MpiGroup implements Group {
  /** A waiting thread first looks this often without giving its processor away. */
  private static final int SPINS = 2_000;

  /** Then as often giving it away, before it sleeps between two looks. */
  private static final int YIELDS = 200;

  /** A sleep is at most this share of the wait so far: an answer is late by as little. */
  private static final int SHARE = 8;

  private static final long LONGEST_SLEEP = 2_000_000; // ns

  /** MPI's counts are ints: it moves at most so many bytes at once. */
  static final int WINDOW = 1 << 30;

  private final OpenMpi mpi;
  private final Watch watch;
  private final List<Integer> members;
  private final int index;
  private final MemorySegment communicator;
  private final Slot[] slots = new Slot[MOST_OPEN];

  /** Spinning helps only where every rank has a processor. */
  private final int spins;

  private final List<Runnable> ends = new ArrayList<>();
  private long begun;

  /**
   * @param arena of the slots' memory; open until the last exchange is done
   * @param crowded whether this machine has more ranks than processors
   * @param window bytes that MPI moves at once
   */
  MpiGroup(
      OpenMpi mpi,
      Watch watch,
      List<Integer> members,
      int rank,
      long bytes,
      Arena arena,
      boolean crowded,
      int window) {
    this.mpi = mpi;
    this.watch = watch;
    this.members = List.copyOf(members);
    this.index = members.indexOf(rank);
    watch.waits(true);
    this.communicator = mpi.communicator(members);
    watch.waits(false);
    this.spins = crowded ? 0 : SPINS;
    for (int i = 0; i < MOST_OPEN; i++) {
      slots[i] = new Slot(arena, bytes, members.size(), window);
    }
  }

  /** What one exchange after the other lies in. */
  private static final class Slot {
    private final long bytes;
    private final MemorySegment memory;
    private final Window[] windows;
    private int used;
    private boolean open;
    private int underWay;

    /** What the device still reads; null where it reads nothing. */
    private Mark reads;

    Slot(Arena arena, long bytes, int members, int window) {
      this.bytes = bytes;
      memory = Pinning.pages(bytes, arena);
      windows = new Window[Math.toIntExact(Math.ceilDiv(bytes, window))];
      for (int i = 0; i < windows.length; i++) {
        long from = (long) i * window;
        windows[i] =
            new Window(memory.asSlice(from, Math.min(window, bytes - from)), from, members, arena);
      }
    }

    void open(Parts parts, int index) {
      if (open) {
        throw new IllegalStateException(
            "the exchange begun " + MOST_OPEN + " before is still open");
      }
      open = true;
      used = 0;
      // One at least: who gives and takes nothing waits for the others all the same.
      do {
        windows[used].cut(parts, index);
      } while (++used < windows.length && windows[used].from < parts.bytes());
    }
  }

  /** Bytes of an exchange that MPI moves at once, of whichever parts they are. */
  private static final class Window {
    private final MemorySegment memory;
    private final long from;
    private final OpenMpi.Pieces taken;
    private final OpenMpi.Pieces given;
    private final MemorySegment request;
    private final MemorySegment flag;

    Window(MemorySegment memory, long from, int members, Arena arena) {
      this.memory = memory;
      this.from = from;
      taken = OpenMpi.Pieces.of(members, arena);
      given = OpenMpi.Pieces.of(members, arena);
      request = arena.allocate(ValueLayout.ADDRESS);
      flag = arena.allocate(JAVA_INT);
    }

    /** Where every part goes to all, what is given follows from what is taken. */
    void cut(Parts parts, int index) {
      boolean toAll = parts.pieces().isEmpty();
      for (int other = 0; other < parts.count(); other++) {
        boolean moves = toAll || other != index;
        int begin = inside(parts.begin(other, index));
        taken.set(other, begin, moves ? inside(parts.end(other, index)) - begin : 0);
        if (!toAll) {
          begin = inside(parts.begin(index, other));
          int count = moves ? inside(parts.end(index, other)) - begin : 0;
          given.set(other, begin - OpenMpi.GIVEN_FROM, count);
        }
      }
    }

    /** Of the memory, where the offset is; its beginning or end where that is outside. */
    private int inside(long offset) {
      return (int) Math.clamp(offset - from, 0, memory.byteSize());
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
  public Exchange begin(Parts parts) {
    Slot slot = slots[(int) (begun % MOST_OPEN)];
    if (parts.count() != members.size() || parts.bytes() > slot.bytes) {
      throw new IllegalArgumentException(
          parts.count()
              + " parts of "
              + parts.bytes()
              + " bytes are not what the group was made for");
    }
    settle(slot);
    if (slot.reads != null) {
      slot.reads.await();
      slot.reads = null;
    }
    slot.open(parts, index);
    begun++;
    MemorySegment memory = slot.memory.asSlice(0, parts.bytes());
    return new Exchange() {
      @Override
      public MemorySegment at(long offset) {
        return memory.asSlice(offset);
      }

      @Override
      public void publish() {
        watch.check();
        for (; slot.underWay < slot.used; slot.underWay++) {
          Window next = slot.windows[slot.underWay];
          if (parts.pieces().isEmpty()) {
            mpi.gather(next.memory, next.taken, communicator, next.request);
          } else {
            mpi.exchange(next.memory, next.given, next.taken, communicator, next.request);
          }
        }
      }

      @Override
      public void await() {
        settle(slot);
      }

      @Override
      public void close() {
        slot.open = false;
      }

      @Override
      public void close(Mark copies) {
        slot.reads = copies;
        close();
      }
    };
  }

  @Override
  public void pin(Pinning pinning) {
    for (Slot slot : slots) {
      ends.add(pinning.pin(slot.memory));
    }
  }

  @Override
  public void atEnd(Runnable last) {
    ends.add(last);
  }

  void end() {
    ends.forEach(Runnable::run);
  }

  /** Waits for what is under way; no exchange is open. */
  void settle() {
    for (Slot slot : slots) {
      settle(slot);
    }
  }

  private void settle(Slot slot) {
    for (; slot.underWay > 0; slot.underWay--) {
      await(slot.windows[slot.underWay - 1]);
    }
  }

  private void await(Window window) {
    watch.waits(true);
    long began = 0;
    for (int looks = 0; !mpi.done(window.request, window.flag); looks++) {
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
