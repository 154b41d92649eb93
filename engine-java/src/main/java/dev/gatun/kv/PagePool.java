// PagePool: a cache's pages: which are free, who holds the others, and what they hold.
package dev.gatun.kv;

import dev.gatun.device.Device;
import dev.gatun.refusal.Refusal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;

/**
 * A page number stands for that page in every cache. A full page may be published under the tokens
 * it holds and those before them; other sequences that begin with the same tokens hold it too. A
 * published page that nobody holds stays as it is until its memory is needed: the page that was
 * given back first goes first. Where there is a {@link HostTier} it goes there, and comes back when
 * a sequence begins with its tokens.
 *
 * <p>Safe for use by several threads; {@link #take} and {@link #hold} move pages on the device, so
 * they are for the thread that owns it.
 */
public final class PagePool {
  /** The content before a sequence's first page. */
  static final long BEGINNING = 0;

  private final int rank;
  private final Deque<Integer> free = new ArrayDeque<>();

  /** Published pages that nobody holds, the one given back first in front. */
  private final SequencedSet<Integer> idle = new LinkedHashSet<>();

  private final Map<Block, Content> published = new HashMap<>();
  private final Content[] contents;
  private final int[] holders;
  private HostTier tier = HostTier.none();
  private long lastId = BEGINNING;
  private long queriedTokens;
  private long sharedTokens;

  /**
   * What makes a page's keys and values what they are.
   *
   * @param before id of the content of the page before, which stands for all tokens up to here
   */
  record Block(long before, List<Integer> tokens) {}

  /** What a page holds, wherever it lies; its id is that of no other content there ever was. */
  static final class Content {
    static final int NOWHERE = -1;

    private final long id;
    private final Block block;
    private int page;

    /** Of the host tier; a copy, where there is a page too. */
    int slot = NOWHERE;

    private Content(long id, Block block, int page) {
      this.id = id;
      this.block = block;
      this.page = page;
    }

    long id() {
      return id;
    }

    /** In the device's caches, or {@link #NOWHERE}. */
    int page() {
      return page;
    }
  }

  /**
   * All free.
   *
   * @param rank of those that have sequences of their own, on which the pages lie; 0 where all
   *     ranks have a part of every page
   * @param count pages of each cache
   */
  public PagePool(int rank, int count) {
    this.rank = rank;
    holders = new int[count];
    contents = new Content[count];
    for (int page = 0; page < count; page++) {
      free.add(page);
    }
  }

  /** On which the pages lie, of ranks that have sequences of their own. */
  public int rank() {
    return rank;
  }

  /** Pages there are. */
  public int size() {
    return contents.length;
  }

  /** From now on pages whose memory is needed go to host memory; before any is taken. */
  public synchronized void keepIn(PageStore store) {
    tier = new HostTier(store);
  }

  public synchronized CacheCounts counts() {
    return new CacheCounts(
        contents.length,
        contents.length - available(),
        tier.size(),
        tier.movedOut(),
        tier.movedIn(),
        queriedTokens,
        sharedTokens);
  }

  /** Pages that {@link #take} would find. */
  public synchronized int available() {
    return free.size() + idle.size();
  }

  /** Pages that hold nothing which a sequence could begin with. */
  public synchronized int unused() {
    return free.size();
  }

  /** Takes {@code count} pages, or none: Refusal.doesNotFit. */
  synchronized List<Integer> take(int count) {
    if (count > available()) {
      throw Refusal.doesNotFit(
          "the cache is full", "close another session or load with a larger context (-c)");
    }
    List<Integer> taken = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      taken.add(takeOne());
    }
    return taken;
  }

  /** One that is free, or what was given back first. */
  private int takeOne() {
    int page;
    if (free.isEmpty()) {
      page = idle.removeFirst();
      tier.moveOut(contents[page]).ifPresent(lost -> published.remove(lost.block));
      forget(page);
    } else {
      page = free.pop();
    }
    holders[page] = 1;
    return page;
  }

  /** Gives one holder's page back. */
  synchronized void give(int page) {
    if (--holders[page] > 0) {
      return;
    }
    if (contents[page] == null) {
      free.push(page);
    } else {
      idle.addLast(page);
    }
  }

  /**
   * Holds the page that has these tokens after that content, if there is one; of host memory only
   * where a page of the device can be had for it.
   *
   * @param tokens of a whole page
   */
  synchronized Optional<Content> hold(long before, int[] tokens) {
    Content content = published.get(block(before, tokens));
    if (content == null) {
      return Optional.empty();
    }
    if (content.page == Content.NOWHERE) {
      return bringBack(content);
    }
    if (holders[content.page]++ == 0) {
      idle.remove(content.page);
    }
    return Optional.of(content);
  }

  private Optional<Content> bringBack(Content content) {
    if (available() == 0) {
      return Optional.empty();
    }
    tier.begin(content); // the page that makes room for it may need a slot, which is not this one
    lie(content, takeOne());
    tier.moveIn(content);
    return Optional.of(content);
  }

  private void lie(Content content, int page) {
    content.page = page;
    contents[page] = content;
  }

  /** How many whole pages of {@code ids}, the last of them left out, {@link #hold} would find. */
  public synchronized int known(int[] ids) {
    int size = Device.pageTokens();
    long before = BEGINNING;
    int pages = 0;
    while ((pages + 1) * size < ids.length) {
      int from = pages * size;
      Content content = published.get(block(before, Arrays.copyOfRange(ids, from, from + size)));
      if (content == null) {
        break;
      }
      before = content.id;
      pages++;
    }
    return pages;
  }

  /** Counts tokens that a sequence has looked for, and those of them that were found. */
  synchronized void count(int queried, int shared) {
    queriedTokens += queried;
    sharedTokens += shared;
  }

  /**
   * Tells that a page of the caller is full; returns the id of its content. Where another page has
   * the same, that one stays the one to be found.
   *
   * @param tokens of the whole page
   */
  synchronized long publish(int page, long before, int[] tokens) {
    Block block = block(before, tokens);
    Content known = published.get(block);
    if (known == null) {
      known = new Content(++lastId, block, page);
      published.put(block, known);
      contents[page] = known;
    } else if (known.page == Content.NOWHERE) {
      lie(known, page);
      tier.isCopy(known);
    }
    return known.id;
  }

  /**
   * Lets the caller, who holds a page, write into it again: nobody finds it any more. False,
   * nothing being changed, where others hold it too.
   */
  synchronized boolean reopen(int page) {
    if (holders[page] > 1) {
      return false;
    }
    forget(page);
    return true;
  }

  /** The page is none of its content's any more. */
  private void forget(int page) {
    Content content = contents[page];
    if (content != null) {
      contents[page] = null;
      content.page = Content.NOWHERE;
      if (content.slot == Content.NOWHERE) {
        published.remove(content.block);
      }
    }
  }

  private static Block block(long before, int[] tokens) {
    return new Block(before, Arrays.stream(tokens).boxed().toList());
  }
}
