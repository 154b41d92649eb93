// Group: ranks that hand each other bytes.
package dev.gatun.ranks;

import dev.gatun.device.Parts;
import java.util.List;

/** As one of its members sees it. */
public interface Group {

  /**
   * Exchanges of a group that may be under way at once, on one rank: a rank that begins one more
   * would wait for itself.
   */
  int MOST_OPEN = 4;

  /** Ranks, ascending. */
  List<Integer> members();

  /** Of this rank among the members. */
  int index();

  /**
   * Begins an exchange: each member gives a part, and then all have all parts, or their pieces of
   * them. All members begin the same exchanges in the same order. Waits where the memory is still
   * read by another member, or on its way to one.
   *
   * @param parts of the members, numbered by their index; the same for all members
   * @throws IllegalArgumentException where the parts take more than the group was made for
   */
  Exchange begin(Parts parts);

  /** As {@link #begin(Parts)}, every part for all: {@link Parts#endingAt}. */
  default Exchange begin(long... ends) {
    return begin(Parts.endingAt(ends));
  }

  /**
   * Pins the host memory of all exchanges, once, until the group ends; before the first of them.
   */
  void pin(Pinning pinning);

  /**
   * Has {@code last} run when the group ends: when no member of this process waits for another any
   * more.
   */
  void atEnd(Runnable last);
}
