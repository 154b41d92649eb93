// Call: one call of an op of the contract.
package dev.gatun.device;

import java.lang.foreign.MemorySegment;

/** Issues an op on a {@code gk_queue} and returns the {@code enum gk_status}. */
@FunctionalInterface
public interface Call {
  int on(MemorySegment queue);
}
