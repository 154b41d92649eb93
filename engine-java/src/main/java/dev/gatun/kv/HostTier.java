// HostTier: which contents of pages are in host memory, and which of them goes next.
package dev.gatun.kv;

import dev.gatun.kv.PagePool.Content;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.SequencedSet;

/**
 * A content that comes back leaves its copy here until the slot is needed: should the page go again
 * there is nothing to be copied. Such copies go first, then what was moved out first. Guarded by
 * its pool.
 */
final class HostTier {
  private final PageStore store;
  private final Deque<Integer> free = new ArrayDeque<>();

  /** What has a slot, the one to go first in front. */
  private final SequencedSet<Content> kept = new LinkedHashSet<>();

  private int slots;
  private boolean isFull;
  private long movedOut;
  private long movedIn;

  HostTier(PageStore store) {
    this.store = store;
  }

  /** One that keeps nothing. */
  static HostTier none() {
    return new HostTier(
        new PageStore() {
          @Override
          public int grow() {
            return 0;
          }

          @Override
          public void out(int page, int slot) {}

          @Override
          public void in(int slot, int page) {}
        });
  }

  /** Contents that it holds. */
  int size() {
    return kept.size();
  }

  /** Copies made to host memory so far. */
  long movedOut() {
    return movedOut;
  }

  /** Copies made back to the device so far. */
  long movedIn() {
    return movedIn;
  }

  /**
   * Keeps what a page holds, if there is a slot for it.
   *
   * @return what is nowhere any more for that
   */
  Optional<Content> moveOut(Content content) {
    if (content.slot != Content.NOWHERE) {
      kept.addLast(content); // which moves it there
      return Optional.empty();
    }
    Optional<Content> gone = free.isEmpty() && !grows() ? makeFree() : Optional.empty();
    if (!free.isEmpty()) {
      content.slot = free.pop();
      store.out(content.page(), content.slot);
      movedOut++;
      kept.addLast(content);
    }
    return gone.filter(other -> other.page() == Content.NOWHERE);
  }

  private boolean grows() {
    int more = isFull ? 0 : store.grow();
    isFull = more == 0;
    for (int i = 0; i < more; i++) {
      free.add(slots++);
    }
    return more > 0;
  }

  /** Frees the slot of what goes first, which is returned. */
  private Optional<Content> makeFree() {
    if (kept.isEmpty()) {
      return Optional.empty();
    }
    Content first = kept.removeFirst();
    free.push(first.slot);
    first.slot = Content.NOWHERE;
    return Optional.of(first);
  }

  /** Its slot is given to no other until {@link #moveIn}. */
  void begin(Content content) {
    kept.remove(content);
  }

  /** Copies a content to the page that it has now. */
  void moveIn(Content content) {
    store.in(content.slot, content.page());
    movedIn++;
    isCopy(content);
  }

  /** A content that is here has got a page: it may go first. */
  void isCopy(Content content) {
    kept.addFirst(content);
  }
}
