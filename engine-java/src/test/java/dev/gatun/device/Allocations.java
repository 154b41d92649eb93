// Allocations: memory that is taken, so that tests can tell one kind from another.
package dev.gatun.device;

import java.lang.foreign.MemorySegment;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/** For any threads. */
final class Allocations {
  private final NavigableMap<Long, Long> bytes = new TreeMap<>();

  synchronized void add(MemorySegment memory, long size) {
    bytes.put(memory.address(), size);
  }

  synchronized void remove(MemorySegment memory) {
    bytes.remove(memory.address());
  }

  /** Whether {@code memory} begins in one of them. */
  boolean hold(MemorySegment memory) {
    return around(memory).isPresent();
  }

  /** The one that {@code memory} begins in. */
  synchronized Optional<MemorySegment> around(MemorySegment memory) {
    return Optional.ofNullable(bytes.floorEntry(memory.address()))
        .filter(one -> memory.address() < one.getKey() + one.getValue())
        .map(one -> MemorySegment.ofAddress(one.getKey()).reinterpret(one.getValue()));
  }
}
