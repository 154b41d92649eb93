// EmulatedCopies: an emulated GPU's copies from and to pinned memory, as late as they may be.
package dev.gatun.device;

import dev.gatun.bindings.Kernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What comes from the device is there once it was waited for, by whatever thread or GPU; what goes
 * to it must not have changed until then. Copies of one GPU are in order.
 */
final class EmulatedCopies {
  private static final AtomicLong MADE = new AtomicLong();
  private static final Map<Long, EmulatedCopies> ALL = new ConcurrentHashMap<>();
  private static final AtomicLong BYTES_TO_HOST = new AtomicLong();

  private final long number = MADE.incrementAndGet();
  private final Allocations pinned = new Allocations();
  private final Deque<Late> late = new ArrayDeque<>();
  private long issued;

  /**
   * A copy that is not waited for.
   *
   * @param number copies issued up to it
   * @param host its side in pinned memory
   */
  private record Late(long number, MemorySegment host, byte[] content, boolean toHost) {
    void complete() {
      if (toHost) {
        MemorySegment.copy(content, 0, host, ValueLayout.JAVA_BYTE, 0, content.length);
      } else if (MemorySegment.ofArray(content).mismatch(host) >= 0) {
        throw new IllegalStateException(
            "pinned memory changed while it was being copied to the device");
      }
    }
  }

  /** When it was passed, the copies issued before, and whose it is. */
  private record Event(MemorySegment memory) {
    static final long BYTES = 3 * Long.BYTES;

    static Event at(MemorySegment address) {
      return new Event(address.reinterpret(BYTES));
    }

    long nanos() {
      return memory.getAtIndex(ValueLayout.JAVA_LONG, 0);
    }

    long copies() {
      return memory.getAtIndex(ValueLayout.JAVA_LONG, 1);
    }

    EmulatedCopies owner() {
      return ALL.get(memory.getAtIndex(ValueLayout.JAVA_LONG, 2));
    }

    void set(long nanos, long copies, long owner) {
      memory.setAtIndex(ValueLayout.JAVA_LONG, 0, nanos);
      memory.setAtIndex(ValueLayout.JAVA_LONG, 1, copies);
      memory.setAtIndex(ValueLayout.JAVA_LONG, 2, owner);
    }
  }

  EmulatedCopies() {
    ALL.put(number, this);
  }

  static long bytesToHost() {
    return BYTES_TO_HOST.get();
  }

  Allocations pinned() {
    return pinned;
  }

  synchronized void copy(MemorySegment from, MemorySegment to) {
    boolean fromPinned = pinned.hold(from);
    if (fromPinned) {
      completeInto(from);
    }
    issued++;
    if (pinned.hold(to)) {
      BYTES_TO_HOST.addAndGet(from.byteSize());
      late.add(new Late(issued, to, from.toArray(ValueLayout.JAVA_BYTE), true));
      return;
    }
    if (fromPinned) {
      late.add(new Late(issued, from, from.toArray(ValueLayout.JAVA_BYTE), false));
    }
    MemorySegment.copy(from, 0, to, 0, from.byteSize());
  }

  /** Completes copies up to the last that writes to some of {@code host}. */
  private void completeInto(MemorySegment host) {
    late.stream()
        .filter(copy -> copy.toHost() && copy.host().asOverlappingSlice(host).isPresent())
        .mapToLong(Late::number)
        .max()
        .ifPresent(this::complete);
  }

  /** All that were issued. */
  synchronized void complete() {
    complete(issued);
  }

  private synchronized void complete(long copies) {
    while (!late.isEmpty() && late.peek().number() <= copies) {
      late.poll().complete();
    }
  }

  MemorySegment openEvent() {
    MemorySegment event = Library.hostMemory(Event.BYTES);
    Event.at(event).set(0, 0, number);
    return event;
  }

  void closeEvent(MemorySegment event) {
    Kernels.gk_host_free(event, Event.BYTES);
  }

  synchronized void mark(MemorySegment event) {
    Event.at(event).set(System.nanoTime(), issued, number);
  }

  /** Completes what was issued before the event, on whatever GPU. */
  static void await(MemorySegment event) {
    Event awaited = Event.at(event);
    awaited.owner().complete(awaited.copies());
  }

  static long nanosBetween(MemorySegment from, MemorySegment to) {
    return Event.at(to).nanos() - Event.at(from).nanos();
  }
}
