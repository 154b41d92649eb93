// EmulatedCopies: an emulated GPU's copies from and to memory that others see, as late as they may
// be.
package dev.gatun.device;

import dev.gatun.bindings.Kernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Others see pinned memory, and device memory that another GPU has read or NCCL has gathered in.
 * What is copied there is there once it was waited for, by whatever thread or GPU; what is copied
 * from there must not have changed until then. Copies of one GPU are in order.
 */
final class EmulatedCopies {
  private static final AtomicLong MADE = new AtomicLong();
  private static final Map<Long, EmulatedCopies> ALL = new ConcurrentHashMap<>();
  private static final AtomicLong BYTES_TO_HOST = new AtomicLong();

  private final long number = MADE.incrementAndGet();
  private final Allocations pinned = new Allocations();
  private final Allocations onDevice = new Allocations();

  /** Those of {@link #onDevice} that others see. */
  private final Allocations shown = new Allocations();

  private final Deque<Late> late = new ArrayDeque<>();
  private long issued;

  /**
   * A copy that is not waited for.
   *
   * @param number copies issued up to it
   * @param stream on which it is
   * @param seen its side in memory that others see
   */
  private record Late(
      long number, long stream, MemorySegment seen, byte[] content, boolean toSeen) {
    void complete() {
      if (toSeen) {
        MemorySegment.copy(content, 0, seen, ValueLayout.JAVA_BYTE, 0, content.length);
      } else if (MemorySegment.ofArray(content).mismatch(seen) >= 0) {
        throw new IllegalStateException("memory changed while it was being copied");
      }
    }
  }

  /** When it was passed, the copies issued before, whose they are, and on which stream it is. */
  private record Event(MemorySegment memory) {
    static final long BYTES = 4 * Long.BYTES;

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

    long stream() {
      return memory.getAtIndex(ValueLayout.JAVA_LONG, 3);
    }

    void set(long nanos, long copies, long owner, long stream) {
      memory.setAtIndex(ValueLayout.JAVA_LONG, 0, nanos);
      memory.setAtIndex(ValueLayout.JAVA_LONG, 1, copies);
      memory.setAtIndex(ValueLayout.JAVA_LONG, 2, owner);
      memory.setAtIndex(ValueLayout.JAVA_LONG, 3, stream);
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

  Allocations onDevice() {
    return onDevice;
  }

  void copy(MemorySegment from, MemorySegment to, MemorySegment stream) {
    if (!pinned.hold(from) && !onDevice.hold(from)) {
      ALL.values().forEach(other -> other.show(from));
    }
    copyInOrder(from, to, stream.address());
  }

  /** From now on others see the allocation that {@code memory} is in, if it is one of these. */
  void show(MemorySegment memory) {
    onDevice.around(memory).ifPresent(all -> shown.add(all, all.byteSize()));
  }

  /** Memory that is no longer this device's. */
  void free(MemorySegment memory) {
    onDevice.remove(memory);
    shown.remove(memory);
  }

  private synchronized void copyInOrder(MemorySegment from, MemorySegment to, long stream) {
    boolean own = onDevice.hold(from) && !shown.hold(from);
    if (!own) {
      completeInto(from, stream);
    }
    if (pinned.hold(to)) {
      BYTES_TO_HOST.addAndGet(from.byteSize());
    }
    if (pinned.hold(to) || shown.hold(to)) {
      arrive(from.toArray(ValueLayout.JAVA_BYTE), to, stream);
      return;
    }
    if (!own && isSeen(from)) {
      send(from, stream);
    }
    MemorySegment.copy(from, 0, to, 0, from.byteSize());
  }

  private boolean isSeen(MemorySegment memory) {
    return pinned.hold(memory) || ALL.values().stream().anyMatch(any -> any.shown.hold(memory));
  }

  /** Issues that {@code content} comes to memory that others see. */
  synchronized void arrive(byte[] content, MemorySegment to, long stream) {
    if (late.stream()
        .anyMatch(
            copy -> copy.stream() != stream && copy.seen().asOverlappingSlice(to).isPresent())) {
      throw new IllegalStateException("memory is written that another stream may still use");
    }
    late.add(new Late(++issued, stream, to, content, true));
  }

  /** Issues that memory is read that others see. */
  synchronized byte[] send(MemorySegment from, long stream) {
    byte[] content = from.toArray(ValueLayout.JAVA_BYTE);
    late.add(new Late(++issued, stream, from, content, false));
    return content;
  }

  /** Completes the stream's copies up to the last that writes to some of {@code memory}. */
  private void completeInto(MemorySegment memory, long stream) {
    late.stream()
        .filter(copy -> copy.stream() == stream && copy.toSeen())
        .filter(copy -> copy.seen().asOverlappingSlice(memory).isPresent())
        .mapToLong(Late::number)
        .max()
        .ifPresent(number -> complete(number, stream));
  }

  /** All that were issued on the stream. */
  synchronized void complete(MemorySegment stream) {
    complete(issued, stream.address());
  }

  private synchronized void complete(long copies, long stream) {
    for (Iterator<Late> each = late.iterator(); each.hasNext(); ) {
      Late copy = each.next();
      if (copy.stream() == stream && copy.number() <= copies) {
        each.remove();
        copy.complete();
      }
    }
  }

  MemorySegment openEvent() {
    MemorySegment event = Library.hostMemory(Event.BYTES);
    Event.at(event).set(0, 0, number, 0);
    return event;
  }

  void closeEvent(MemorySegment event) {
    Kernels.gk_host_free(event, Event.BYTES);
  }

  synchronized void mark(MemorySegment event, MemorySegment stream) {
    Event.at(event).set(System.nanoTime(), issued, number, stream.address());
  }

  /** A stream need not wait for itself. */
  static void after(MemorySegment event, MemorySegment stream) {
    if (Event.at(event).stream() != stream.address()) {
      await(event);
    }
  }

  /** Completes what was issued before the event, on whatever GPU. */
  static void await(MemorySegment event) {
    Event awaited = Event.at(event);
    awaited.owner().complete(awaited.copies(), awaited.stream());
  }

  static long nanosBetween(MemorySegment from, MemorySegment to) {
    return Event.at(to).nanos() - Event.at(from).nanos();
  }
}
