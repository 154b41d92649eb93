// PageTableTest: pages are taken all or none, shared by what they hold, and lost to nobody.
package dev.gatun.kv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.Device;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageTableTest {
  private static final int PAGE = Device.pageTokens();
  private static final int PAGES = 8;

  private PagePool pool;

  @BeforeEach
  void open() {
    pool = new PagePool(0, PAGES);
  }

  private static int[] pages(PageTable table, int count) {
    MemorySegment row = MemorySegment.ofArray(new int[PAGES]);
    table.write(row);
    return Arrays.copyOf(row.toArray(ValueLayout.JAVA_INT), count);
  }

  private static int[] tokens(int from, int count) {
    return IntStream.range(from, from + count).toArray();
  }

  /** A table of {@code ids}, all of them in its pages. */
  private PageTable full(int... ids) {
    PageTable table = new PageTable(pool);
    int shared = table.share(0, ids);
    table.grow(ids.length);
    table.publish(ids, ids.length);
    assertEquals(0, shared % PAGE);
    return table;
  }

  @Test
  void aPoolThatEndsHalfWayGivesNothing() {
    PageTable first = new PageTable(pool);
    first.grow(5 * PAGE);
    PageTable second = new PageTable(pool);
    Refusal refusal = assertThrows(Refusal.class, () -> second.grow(4 * PAGE));
    assertEquals(Refusal.Reason.DOES_NOT_FIT, refusal.reason());
    // The pages that were left are still to be had.
    PageTable third = new PageTable(pool);
    third.grow(3 * PAGE);
    assertEquals(0, pool.available());
  }

  @Test
  void sequencesThatBeginAlikeShareTheirFullPages() {
    PageTable first = full(tokens(0, 2 * PAGE + 5));
    PageTable second = new PageTable(pool);
    int[] ids = tokens(0, 3 * PAGE);
    assertEquals(2 * PAGE, second.share(0, ids));
    assertArrayEquals(pages(first, 2), pages(second, 2));
    assertEquals(PAGES - 3, pool.available());
    second.grow(3 * PAGE);
    assertNotEquals(pages(first, 3)[2], pages(second, 3)[2], "what differs is its own");
    first.close();
    assertEquals(PAGES - 3, pool.available(), "shared pages are still held");
    second.close();
    assertEquals(PAGES, pool.available());
  }

  @Test
  void theLastTokenIsLeftToBeRun() {
    full(tokens(0, 2 * PAGE));
    assertEquals(PAGE, new PageTable(pool).share(0, tokens(0, 2 * PAGE)));
    assertEquals(2 * PAGE, new PageTable(pool).share(0, tokens(0, 2 * PAGE + 1)));
  }

  @Test
  void theSameTokensAfterOthersAreNoSuchPage() {
    int[] ids = tokens(0, 2 * PAGE);
    full(ids);
    int[] moved = new int[2 * PAGE + 1];
    Arrays.fill(moved, 0, PAGE, 77);
    System.arraycopy(ids, PAGE, moved, PAGE, PAGE);
    assertEquals(0, new PageTable(pool).share(0, moved));
    int[] second = Arrays.copyOfRange(moved, PAGE, 2 * PAGE + 1);
    assertEquals(0, new PageTable(pool).share(0, second), "as the first tokens");
  }

  @Test
  void whatNobodyHoldsGoesOldestFirst() {
    full(tokens(100, PAGE)).close();
    full(tokens(200, 2 * PAGE)).close();
    PageTable large = new PageTable(pool);
    large.grow((PAGES - 2) * PAGE);
    large.close();
    assertEquals(0, new PageTable(pool).share(0, tokens(100, PAGE + 1)), "the oldest went");
    PageTable found = new PageTable(pool);
    assertEquals(2 * PAGE, found.share(0, tokens(200, 2 * PAGE + 1)));
    found.close();
    large.grow((PAGES - 1) * PAGE);
    PageTable half = new PageTable(pool);
    assertEquals(PAGE, half.share(0, tokens(200, 2 * PAGE + 1)), "the end goes first");
  }

  /** A page that came back leaves its copy behind: going again costs nothing. */
  @Test
  void whatGoesToHostMemoryComesBack() {
    int[][] held = new int[PAGES][PAGE];
    pool.keepIn(new TokenStore(held, new int[PAGES][], new AtomicInteger()));
    full(tokens(100, 2 * PAGE)).close();
    for (int round = 0; round < 3; round++) {
      PageTable large = new PageTable(pool);
      large.grow(PAGES * PAGE);
      assertEquals(0, new PageTable(pool).share(0, tokens(100, 2 * PAGE + 1)), "no room for it");
      large.close();
      PageTable found = new PageTable(pool);
      assertEquals(2 * PAGE, found.share(0, tokens(100, 2 * PAGE + 1)));
      found.close();
    }
    CacheCounts counts = pool.counts();
    assertEquals(new CacheCounts(PAGES, 0, 2, 2, 6, counts.queriedTokens(), 6 * PAGE), counts);
  }

  /** The end of what was given back first goes first. */
  @Test
  void hostMemoryKeepsWhatWasUsedLast() {
    int[][] held = new int[PAGES][PAGE];
    pool.keepIn(new TokenStore(held, new int[3][], new AtomicInteger()));
    full(tokens(100, 2 * PAGE)).close();
    full(tokens(300, 2 * PAGE)).close();
    PageTable large = new PageTable(pool);
    large.grow(PAGES * PAGE);
    large.close();
    assertEquals(PAGE, new PageTable(pool).share(0, tokens(100, 2 * PAGE + 1)));
    assertEquals(2 * PAGE, new PageTable(pool).share(0, tokens(300, 2 * PAGE + 1)));
    assertEquals(3, pool.counts().hostPages());
  }

  @Test
  void aCutIntoAPageOfOthersGoesBackToItsBeginning() {
    PageTable first = full(tokens(0, 2 * PAGE));
    PageTable second = full(tokens(0, 2 * PAGE + 1));
    assertArrayEquals(pages(first, 2), pages(second, 2));
    assertEquals(PAGE, second.cut(PAGE + 3));
    assertEquals(PAGE, second.cut(PAGE));
    first.close();
    PageTable third = full(tokens(0, 2 * PAGE + 1));
    assertEquals(PAGE + 3, third.cut(PAGE + 3), "nobody else reads it any more");
    third.grow(2 * PAGE);
    assertEquals(
        PAGE, new PageTable(pool).share(0, tokens(0, 2 * PAGE + 1)), "it is written to now");
  }

  /** Host memory of a number of slots, as lists of tokens. */
  private record TokenStore(int[][] pages, int[][] slots, AtomicInteger given)
      implements PageStore {
    @Override
    public int grow() {
      return given.getAndSet(slots.length) == 0 ? slots.length : 0;
    }

    @Override
    public void out(int page, int slot) {
      slots[slot] = pages[page].clone();
    }

    @Override
    public void in(int slot, int page) {
      pages[page] = slots[slot].clone();
    }
  }

  /** Against a list of what each page must hold. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 40, 10_000})
  void randomSequencesNeverReadAnothersTokens(int slots) {
    Random random = new Random(3);
    int[][] held = new int[PAGES][];
    pool.keepIn(new TokenStore(held, new int[slots][], new AtomicInteger()));
    List<PageTable> tables = new ArrayList<>();
    List<int[]> contents = new ArrayList<>();
    for (int round = 0; round < 20_000; round++) {
      int which = random.nextInt(4);
      if (which >= tables.size()) {
        tables.add(new PageTable(pool));
        contents.add(new int[0]);
        continue;
      }
      PageTable table = tables.get(which);
      int[] before = contents.get(which);
      int[] after;
      if (random.nextInt(3) == 0) {
        after = Arrays.copyOf(before, table.cut(random.nextInt(before.length + 1)));
      } else {
        int count = 1 + random.nextInt(2 * PAGE);
        int[] more = new int[count];
        Arrays.fill(more, random.nextInt(2));
        int shared = table.share(before.length, more);
        if (!table.hasRoom(before.length + count)) {
          assertEquals(before.length, table.cut(before.length));
          continue;
        }
        table.grow(before.length + count);
        after = Arrays.copyOf(before, before.length + count);
        System.arraycopy(more, 0, after, before.length, count);
        write(held, table, after, before.length + shared);
        table.publish(after, after.length);
      }
      contents.set(which, after);
      for (int i = 0; i < tables.size(); i++) {
        requireHeld(held, tables.get(i), contents.get(i));
      }
    }
    tables.forEach(PageTable::close);
    assertEquals(PAGES, pool.available());
    CacheCounts counts = pool.counts();
    assertEquals(0, counts.heldPages());
    assertEquals(slots > 1, counts.movedIn() > 0, counts.toString());
    assertTrue(counts.hostPages() <= slots, counts.toString());
    assertTrue(counts.movedOut() >= counts.hostPages(), counts.toString());
    assertFalse(new PageTable(pool).hasRoom(PAGES * PAGE + 1));
    assertTrue(new PageTable(pool).hasRoom(PAGES * PAGE));
  }

  private static void write(int[][] held, PageTable table, int[] tokens, int from) {
    int[] pages = pages(table, Math.ceilDiv(tokens.length, PAGE));
    for (int at = from; at < tokens.length; at++) {
      int page = pages[at / PAGE];
      held[page] = held[page] == null ? new int[PAGE] : held[page];
      held[page][at % PAGE] = tokens[at];
    }
  }

  private static void requireHeld(int[][] held, PageTable table, int[] tokens) {
    int[] pages = pages(table, Math.ceilDiv(tokens.length, PAGE));
    for (int at = 0; at < tokens.length; at++) {
      assertEquals(tokens[at], held[pages[at / PAGE]][at % PAGE], "token " + at);
    }
  }
}
