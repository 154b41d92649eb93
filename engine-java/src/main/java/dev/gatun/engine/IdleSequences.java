// IdleSequences: sequences that hold pages and run nothing, the one that ran last at the end.
package dev.gatun.engine;

import java.util.LinkedHashSet;
import java.util.Optional;
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

  private synchronized Optional<Sequence> poll(int rank) {
    Optional<Sequence> oldest =
        sequences.stream().filter(sequence -> sequence.rank() == rank).findFirst();
    oldest.ifPresent(sequences::remove);
    return oldest;
  }

  /** Pages that parking those of a rank would give back, or somewhat more where they share some. */
  synchronized int pages(int rank) {
    return sequences.stream()
        .filter(sequence -> sequence.rank() == rank)
        .mapToInt(sequence -> sequence.pages().size())
        .sum();
  }

  /**
   * Parks the one that has rested longest, of those with pages on that rank; false where there is
   * none. For the thread that begins tasks: none of a sequence can begin meanwhile.
   */
  boolean parkOldest(int rank) {
    Optional<Sequence> oldest = poll(rank);
    oldest.ifPresent(Sequence::park);
    return oldest.isPresent();
  }
}
