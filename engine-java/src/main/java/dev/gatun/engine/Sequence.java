// Sequence: the tokens of one session, and their part of the cache.
package dev.gatun.engine;

import dev.gatun.kv.PageTable;
import java.util.Arrays;

/**
 * Belongs to its session's thread, and while a task is under way to the engine's. Tokens are issued
 * before they are kept: what a step computes is known to the host when the step is done.
 *
 * <p>A sequence that runs nothing may be parked by the engine's thread: its pages go back to the
 * pool, its tokens stay. Before its next task {@link #restore} finds pages again, and tells which
 * tokens have to be run again.
 */
final class Sequence implements AutoCloseable {
  private final PageTable pages;
  private final boolean shares;
  private final IdleSequences idle;
  private int[] tokens = new int[64];
  private int length;
  private int cached;
  private int issued;
  private boolean pinned;

  /**
   * @param shares whether its pages may be other sequences' too
   * @param idle where it waits between tasks
   */
  Sequence(PageTable pages, boolean shares, IdleSequences idle) {
    this.pages = pages;
    this.shares = shares;
    this.idle = idle;
  }

  /** Tokens of the sequence; where it was parked not all are in the cache. */
  int length() {
    return length;
  }

  int[] tokens() {
    return Arrays.copyOf(tokens, length);
  }

  /** Its tokens and then these. */
  int[] followedBy(int[] ids) {
    int[] all = Arrays.copyOf(tokens, length + ids.length);
    System.arraycopy(ids, 0, all, length, ids.length);
    return all;
  }

  PageTable pages() {
    return pages;
  }

  /** Position of the next token to be issued. */
  int position() {
    return issued;
  }

  /** Whether {@link #issue} of so many tokens would find room. */
  boolean hasRoom(int count) {
    return pages.hasRoom(issued + count);
  }

  /** On which its pages are, of ranks that have sequences of their own. */
  int rank() {
    return pages.pool().rank();
  }

  /**
   * Makes room for tokens that a step is about to write; Refusal.doesNotFit where there is none.
   */
  void issue(int count) {
    pages.grow(issued + count);
    issued += count;
  }

  /**
   * Appends tokens whose step is done, or of {@link #restore} those that are in the cache again.
   */
  void keep(int[] ids, int from, int count) {
    append(ids, from, count);
    if (shares) {
      pages.publish(tokens, cached);
    }
  }

  /**
   * Takes over what other sequences have computed of the tokens that follow.
   *
   * @return how many of {@code ids}, which are at least one fewer than all
   */
  int share(int[] ids) {
    int count = shares && cached == length ? pages.share(length, ids) : 0;
    append(ids, 0, count);
    issued = cached;
    return count;
  }

  private void append(int[] ids, int from, int count) {
    if (cached + count > tokens.length) {
      tokens = Arrays.copyOf(tokens, Math.max(cached + count, 2 * tokens.length));
    }
    System.arraycopy(ids, from, tokens, cached, count);
    cached += count;
    length = Math.max(length, cached);
  }

  /** Gives all pages back; does nothing to the tokens. For the engine's thread. */
  synchronized void park() {
    pages.close();
    cached = 0;
    issued = 0;
  }

  /** Whether it holds pages that {@link #park} would give back. */
  synchronized boolean canPark() {
    return !pinned && cached > 0;
  }

  /** Tokens that are not in the cache. */
  int missing() {
    return length - cached;
  }

  /**
   * Takes back those pages of a sequence that was parked which are still to be found.
   *
   * @return the tokens that are in no page: they have to be run before any others
   */
  int[] restore() {
    if (shares && missing() > 0) {
      // The last is left out when pages are shared; here it is one that follows the sequence.
      cached += pages.share(cached, Arrays.copyOfRange(tokens, cached, length + 1));
    }
    issued = cached;
    return Arrays.copyOfRange(tokens, cached, length);
  }

  /** While its pages hold what {@link #restore} could not compute, it is not parked. */
  void pin(boolean value) {
    pinned = value;
    if (!value) {
      rest();
    }
  }

  /** A task has ended: forgets what was issued and not kept. */
  void settle() {
    cut(length);
    rest();
  }

  boolean isPinned() {
    return pinned;
  }

  private void rest() {
    if (canPark()) {
      idle.add(this);
    }
  }

  /** A task is about to begin. For the engine's thread. */
  void wake() {
    idle.remove(this);
  }

  /**
   * Forgets tokens from {@code newLength} on, and where that is within a page that another sequence
   * reads too, from that page's beginning on.
   */
  synchronized void cut(int newLength) {
    int wanted = Math.min(newLength, length);
    int left = pages.cut(Math.min(wanted, cached));
    length = wanted < cached ? left : wanted;
    cached = left;
    issued = left;
  }

  @Override
  public void close() {
    synchronized (this) {
      pages.close();
      length = 0;
      cached = 0;
    }
    idle.remove(this); // last: until its pages are back, it is one of those that could give some
  }
}
