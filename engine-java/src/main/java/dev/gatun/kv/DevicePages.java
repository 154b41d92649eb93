// DevicePages: the memory of a device's caches, in pages.
package dev.gatun.kv;

import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.device.Structs;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A page number stands for that page in every cache. */
public final class DevicePages {
  private final List<MemorySegment> caches = new ArrayList<>();
  private final Buffer memory;
  private final long pageBytes;
  private final int count;

  /**
   * Allocates pages for {@code tokens} tokens.
   *
   * @param arena lifetime of the caches
   */
  public DevicePages(CacheShape shape, int tokens, Device device, Arena arena) {
    count = shape.pages(tokens);
    pageBytes = shape.pageBytes();
    long cacheBytes = pageBytes * count;
    long bytes = cacheBytes * shape.caches();
    memory = bytes == 0 ? Buffer.NONE : device.allocate("the cache", bytes, arena);
    for (int cache = 0; cache < shape.caches(); cache++) {
      caches.add(
          Structs.cache(
              arena,
              memory.slice(cache * cacheBytes, cacheBytes),
              count,
              shape.kvHeads(),
              shape.headDim(),
              shape.latent(),
              shape.types().keys(),
              shape.types().values()));
    }
  }

  /** Of each cache. */
  public int count() {
    return count;
  }

  /** The {@code gk_cache} of index {@code cache}, from 0. */
  public MemorySegment cache(int cache) {
    return caches.get(cache);
  }

  /** A page of one cache. */
  Buffer page(int cache, int page) {
    return memory.slice(((long) cache * count + page) * pageBytes, pageBytes);
  }
}
