// Arrival: copies that a device makes by itself, and their end.
package dev.gatun.ranks;

/** Asked by any thread, as often as it likes, until its group ends. */
@FunctionalInterface
public interface Arrival {
  /** Waits until the copies are made. Refusal.device where they cannot be. */
  void await();
}
