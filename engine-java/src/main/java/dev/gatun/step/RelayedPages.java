// RelayedPages: moves pages where they are, by rank 0's word.
package dev.gatun.step;

import dev.gatun.kv.PageStore;
import java.util.Optional;

/**
 * Pages are one rank's, or every rank has its part of each under the same number; so it is with
 * slots. For rank 0's thread.
 */
public final class RelayedPages implements PageStore {
  private final Relay relay;
  private final int rank;
  private final Optional<PageStore> own;
  private int left;

  /**
   * @param rank of which the pages are; 0 where all ranks have a part of each
   * @param own rank 0's, where it has a part
   * @param slots there are; every rank has taken their memory
   */
  public RelayedPages(Relay relay, int rank, Optional<PageStore> own, int slots) {
    this.relay = relay;
    this.rank = rank;
    this.own = own;
    left = slots;
  }

  @Override
  public int grow() {
    int more = left;
    left = 0;
    return more;
  }

  @Override
  public void out(int page, int slot) {
    relay.announceOut(page, slot, rank);
    own.ifPresent(pages -> pages.out(page, slot));
  }

  @Override
  public void in(int slot, int page) {
    relay.announceIn(slot, page, rank);
    own.ifPresent(pages -> pages.in(slot, page));
  }
}
