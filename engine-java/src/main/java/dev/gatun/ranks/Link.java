// Link: ranks whose devices hand each other bytes without their hosts' memory.
package dev.gatun.ranks;

/** Joined by all members at once; lives as long as their {@link Ranks}. */
@FunctionalInterface
public interface Link {
  /** Of the memory, for the message where there is none left. */
  String PURPOSE = "what devices exchange";

  /**
   * As {@link Ranks#group}, in memory of the members' devices: {@link Group#MOST_OPEN} times {@code
   * bytes} on each, taken here. Only a device reads and writes it.
   *
   * @throws dev.gatun.refusal.Refusal doesNotFit where a device has no room for that
   */
  Group group(long bytes);
}
