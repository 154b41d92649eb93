// IdleSequences: sequences that hold pages and run nothing, the one that ran last at the end.
package dev.gatun.engine;

import java.util.LinkedHashSet;
import java.util.SequencedSet;

/** Safe for use by several threads. */
final class IdleSequences {
  private final SequencedSet<Sequence> sequences = new LinkedHashSet<>();

  synchronized void add(Sequence sequence) {
    sequences.addLast(sequence);
  }

  synchronized void remove(Sequence sequence) {
    sequences.remove(sequence);
  }

  private synchronized Sequence poll() {
    return sequences.isEmpty() ? null : sequences.removeFirst();
  }

  /**
   * Parks the one that has rested longest; false where there is none. For the thread that begins
   * tasks: none of a sequence can begin meanwhile.
   */
  boolean parkOldest() {
    Sequence oldest = poll();
    if (oldest != null) {
      oldest.park();
    }
    return oldest != null;
  }
}
