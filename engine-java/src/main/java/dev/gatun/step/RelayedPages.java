// RelayedPages: moves a page on rank 0 and tells all others to move theirs.
package dev.gatun.step;

import dev.gatun.kv.PageStore;

/**
 * Every rank has its part of each page, under the same number, and of each slot. For rank 0's
 * thread.
 *
 * @param own rank 0's
 */
public record RelayedPages(Relay relay, PageStore own) implements PageStore {
  @Override
  public int grow() {
    return own.grow();
  }

  @Override
  public void out(int page, int slot) {
    relay.announceOut(page, slot);
    own.out(page, slot);
  }

  @Override
  public void in(int slot, int page) {
    relay.announceIn(slot, page);
    own.in(slot, page);
  }
}
