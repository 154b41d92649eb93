// Allocations: memory that is taken, so that tests can tell one kind from another.
package dev.gatun.device;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.NavigableMap;
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
  synchronized boolean hold(MemorySegment memory) {
    Map.Entry<Long, Long> at = bytes.floorEntry(memory.address());
    return at != null && memory.address() < at.getKey() + at.getValue();
  }
}
