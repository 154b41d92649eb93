// Sequence: tokens in the cache, of one session.
package dev.gatun.engine;

import dev.gatun.kv.PageTable;
import java.util.Arrays;

/**
 * Belongs to its session's thread, and while a task is under way to the engine's. Tokens are issued
 * before they are kept: what a step computes is known to the host when the step is done.
 */
final class Sequence implements AutoCloseable {
  private final PageTable pages;
  private final boolean shares;
  private int[] tokens = new int[64];
  private int length;
  private int issued;

  /**
   * @param shares whether its pages may be other sequences' too
   */
  Sequence(PageTable pages, boolean shares) {
    this.pages = pages;
    this.shares = shares;
  }

  /** Tokens in the cache. */
  int length() {
    return length;
  }

  int[] tokens() {
    return Arrays.copyOf(tokens, length);
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

  /**
   * Makes room for tokens that a step is about to write; Refusal.doesNotFit where there is none.
   */
  void issue(int count) {
    pages.grow(issued + count);
    issued += count;
  }

  /** Appends tokens whose step is done. */
  void keep(int[] ids, int from, int count) {
    append(ids, from, count);
    if (shares) {
      pages.publish(tokens, length);
    }
  }

  /**
   * Takes over what other sequences have computed of the tokens that follow.
   *
   * @return how many of {@code ids}, which are at least one fewer than all
   */
  int share(int[] ids) {
    int count = shares ? pages.share(length, ids) : 0;
    append(ids, 0, count);
    issued = length;
    return count;
  }

  private void append(int[] ids, int from, int count) {
    if (length + count > tokens.length) {
      tokens = Arrays.copyOf(tokens, Math.max(length + count, 2 * tokens.length));
    }
    System.arraycopy(ids, from, tokens, length, count);
    length += count;
  }

  /** Forgets what was issued and not kept. */
  void settle() {
    cut(length);
  }

  /**
   * Forgets tokens from {@code newLength} on, and where that is within a page that another sequence
   * reads too, from that page's beginning on.
   */
  void cut(int newLength) {
    length = pages.cut(Math.min(newLength, length));
    issued = length;
  }

  @Override
  public void close() {
    pages.close();
  }
}
