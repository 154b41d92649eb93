// PageTable: the pages of one sequence, in order.
package dev.gatun.kv;

import dev.gatun.device.Device;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A table of page numbers; what a page keeps of a token is the caches' own. Pages come from and go
 * back to a pool, where full ones are found by other sequences that begin alike. For one thread at
 * a time.
 */
public final class PageTable implements AutoCloseable {
  private PagePool pool;
  private final List<Integer> pages = new ArrayList<>();

  /** Ids of what the first pages hold; pages behind are not full, or not known to be. */
  private final List<Long> contents = new ArrayList<>();

  public PageTable(PagePool pool) {
    this.pool = pool;
  }

  /** Where its pages are. */
  public PagePool pool() {
    return pool;
  }

  /** How many it has. */
  public int size() {
    return pages.size();
  }

  /** From now on it takes pages of {@code other}; it has none. */
  public void moveTo(PagePool other) {
    if (!pages.isEmpty()) {
      throw new IllegalStateException(pages.size() + " pages are of the other pool");
    }
    pool = other;
  }

  /**
   * Takes pages so that {@code tokens} tokens have room; Refusal.doesNotFit, nothing being changed,
   * where the pool has too few.
   */
  public void grow(int tokens) {
    int wanted = pagesOf(tokens);
    if (wanted > pages.size()) {
      pages.addAll(pool.take(wanted - pages.size()));
    }
  }

  private void shrink(int tokens) {
    int wanted = pagesOf(tokens);
    // The last page goes first, so that of pages nobody holds a sequence's beginning stays longest.
    while (pages.size() > wanted) {
      pool.give(pages.removeLast());
    }
    while (contents.size() > wanted) {
      contents.removeLast();
    }
  }

  /** Whether {@link #grow} to {@code tokens} would succeed. */
  public boolean hasRoom(int tokens) {
    return pagesOf(tokens) - pages.size() <= pool.available();
  }

  /**
   * Forgets every token from {@code tokens} on, and room for more, so that others may be written
   * there. A page that another sequence reads too cannot be written to: then it is forgotten as a
   * whole.
   *
   * @return the tokens that are left, at most {@code tokens}
   */
  public int cut(int tokens) {
    shrink(tokens);
    int whole = tokens / Device.pageTokens();
    if (tokens % Device.pageTokens() == 0 || whole >= contents.size()) {
      return tokens;
    }
    if (pool.reopen(pages.get(whole))) {
      contents.removeLast();
      return tokens;
    }
    shrink(whole * Device.pageTokens());
    return whole * Device.pageTokens();
  }

  /**
   * Takes over whole pages of others that hold what comes next. The sequence has {@code length}
   * tokens, and room for no more.
   *
   * @param ids tokens that follow; the last of them is left out, since it has to be run
   * @return how many of them are there now
   */
  public int share(int length, int[] ids) {
    int size = Device.pageTokens();
    int shared = 0;
    if (length != contents.size() * size || contents.size() != pages.size()) {
      return shared;
    }
    while (shared + size < ids.length) {
      int[] next = Arrays.copyOfRange(ids, shared, shared + size);
      Optional<PagePool.Content> found = pool.hold(lastContent(), next);
      if (found.isEmpty()) {
        break;
      }
      pages.add(found.get().page());
      contents.add(found.get().id());
      shared += size;
    }
    pool.count(ids.length, shared);
    return shared;
  }

  /**
   * Lets others find the pages that are full.
   *
   * @param tokens of the sequence, of which {@code length} are in its pages
   */
  public void publish(int[] tokens, int length) {
    int size = Device.pageTokens();
    while ((contents.size() + 1) * size <= length) {
      int begin = contents.size() * size;
      int[] full = Arrays.copyOfRange(tokens, begin, begin + size);
      contents.add(pool.publish(pages.get(contents.size()), lastContent(), full));
    }
  }

  private long lastContent() {
    return contents.isEmpty() ? PagePool.BEGINNING : contents.getLast();
  }

  /** Writes the pages, int32, at the front of {@code row}. */
  public void write(MemorySegment row) {
    // One copy: an access of native memory by itself is dear where the JVM compiles for a quick
    // start.
    int[] numbers = new int[pages.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = pages.get(i);
    }
    MemorySegment.copy(numbers, 0, row, ValueLayout.JAVA_INT, 0, numbers.length);
  }

  /** Pages that so many tokens take. */
  public static int pagesOf(int tokens) {
    return Math.ceilDiv(tokens, Device.pageTokens());
  }

  @Override
  public void close() {
    shrink(0);
  }
}
