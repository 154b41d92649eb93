// PageTable: the pages of one sequence, in order.
package dev.gatun.kv;

import dev.gatun.device.Device;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Grows and shrinks with its sequence; pages come from and go back to a pool. */
public final class PageTable implements AutoCloseable {
  private final PagePool pool;
  private final List<Integer> pages = new ArrayList<>();

  public PageTable(PagePool pool) {
    this.pool = pool;
  }

  /** Takes or gives back pages so that exactly {@code tokens} tokens have room. */
  public void resize(int tokens) {
    int wanted = Math.ceilDiv(tokens, Device.pageTokens());
    while (pages.size() < wanted) {
      pages.add(pool.take());
    }
    while (pages.size() > wanted) {
      pool.give(pages.removeLast());
    }
  }

  /** Whether {@link #resize} to {@code tokens} would succeed. */
  public boolean hasRoom(int tokens) {
    return Math.ceilDiv(tokens, Device.pageTokens()) - pages.size() <= pool.free();
  }

  /** Writes the pages, int32, at the front of {@code row}. */
  public void write(MemorySegment row) {
    for (int i = 0; i < pages.size(); i++) {
      row.setAtIndex(ValueLayout.JAVA_INT, i, pages.get(i));
    }
  }

  @Override
  public void close() {
    resize(0);
  }
}
