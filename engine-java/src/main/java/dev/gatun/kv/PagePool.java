// PagePool: the cache's memory in pages: which are free, who holds the others, and what they hold.
package dev.gatun.kv;

import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.device.Structs;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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
 * given back first goes first. Safe for use by several threads.
 */
public final class PagePool {
  /** The content before a sequence's first page. */
  static final long BEGINNING = 0;

  private final List<MemorySegment> caches = new ArrayList<>();
  private final Deque<Integer> free = new ArrayDeque<>();

  /** Published pages that nobody holds, the one given back first in front. */
  private final SequencedSet<Integer> idle = new LinkedHashSet<>();

  private final Map<Block, Content> published = new HashMap<>();
  private final Content[] contents;
  private final int[] holders;
  private long lastId = BEGINNING;

  /**
   * What makes a page's keys and values what they are.
   *
   * @param before id of the content of the page before, which stands for all tokens up to here
   */
  record Block(long before, List<Integer> tokens) {}

  /**
   * @param id differs from that of every other content there ever was
   */
  record Content(long id, int page, Block block) {}

  /**
   * Allocates pages for {@code tokens} tokens.
   *
   * @param arena lifetime of the cache
   */
  public PagePool(CacheShape shape, int tokens, Device device, Arena arena) {
    int pages = shape.pages(tokens);
    long cacheBytes = shape.pageBytes() * pages;
    long bytes = cacheBytes * shape.caches();
    Buffer memory = bytes == 0 ? Buffer.NONE : device.allocate("the cache", bytes, arena);
    for (int cache = 0; cache < shape.caches(); cache++) {
      caches.add(
          Structs.cache(
              arena,
              memory.slice(cache * cacheBytes, cacheBytes),
              pages,
              shape.kvHeads(),
              shape.headDim(),
              shape.latent(),
              shape.types().keys(),
              shape.types().values()));
    }
    holders = new int[pages];
    contents = new Content[pages];
    for (int page = 0; page < pages; page++) {
      free.add(page);
    }
  }

  /** The {@code gk_cache} of index {@code cache}, from 0. */
  public MemorySegment cache(int cache) {
    return caches.get(cache);
  }

  /** Pages that {@link #take} would find. */
  synchronized int available() {
    return free.size() + idle.size();
  }

  /** Takes {@code count} pages, or none: Refusal.doesNotFit. */
  synchronized List<Integer> take(int count) {
    if (count > available()) {
      throw Refusal.doesNotFit(
          "the cache is full", "close another session or load with a larger context (-c)");
    }
    List<Integer> taken = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int page = free.isEmpty() ? forget(idle.removeFirst()) : free.pop();
      holders[page] = 1;
      taken.add(page);
    }
    return taken;
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
   * Holds the page that has these tokens after that content, if there is one.
   *
   * @param tokens of a whole page
   */
  synchronized Optional<Content> hold(long before, int[] tokens) {
    Content content = published.get(block(before, tokens));
    if (content != null && holders[content.page]++ == 0) {
      idle.remove(content.page);
    }
    return Optional.ofNullable(content);
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
    if (known != null) {
      return known.id;
    }
    Content content = new Content(++lastId, page, block);
    published.put(block, content);
    contents[page] = content;
    return content.id;
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

  private int forget(int page) {
    Content content = contents[page];
    if (content != null) {
      contents[page] = null;
      published.remove(content.block);
    }
    return page;
  }

  private static Block block(long before, int[] tokens) {
    return new Block(before, Arrays.stream(tokens).boxed().toList());
  }
}
