// PagePool: the cache's memory in pages, and which of them are free.
package dev.gatun.kv;

import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.device.Structs;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** A page number stands for that page in every layer. Not safe for use by several threads. */
public final class PagePool {
  private final List<MemorySegment> caches = new ArrayList<>();
  private final Deque<Integer> free = new ArrayDeque<>();

  /**
   * Allocates pages for {@code tokens} tokens.
   *
   * @param arena lifetime of the cache
   */
  public PagePool(CacheShape shape, int tokens, Device device, Arena arena) {
    int pages = shape.pages(tokens);
    long layerBytes = shape.pageBytes() * pages;
    Buffer memory = device.allocate("the cache", layerBytes * shape.layers(), arena);
    for (int layer = 0; layer < shape.layers(); layer++) {
      caches.add(
          Structs.cache(
              arena,
              memory.slice(layer * layerBytes, layerBytes),
              pages,
              shape.kvHeads(),
              shape.headDim(),
              shape.types().keys(),
              shape.types().values()));
    }
    for (int page = 0; page < pages; page++) {
      free.add(page);
    }
  }

  /** The {@code gk_cache} of a layer. */
  public MemorySegment cache(int layer) {
    return caches.get(layer);
  }

  int free() {
    return free.size();
  }

  int take() {
    Integer page = free.poll();
    if (page == null) {
      throw Refusal.doesNotFit(
          "the cache is full", "close another session or load with a larger context (-c)");
    }
    return page;
  }

  void give(int page) {
    free.push(page);
  }
}
