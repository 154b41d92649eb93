// Pinning: keeps host memory where it is, so that GPUs copy from it and to it by themselves.
package dev.gatun.ranks;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What a GPU's runtime does to memory of {@link #pages}. */
@FunctionalInterface
public interface Pinning {
  /** Of what is pinned, which goes by pages; no two pieces share one. */
  int PAGE = 4096;

  /**
   * @return undoes it, on any thread
   */
  Runnable pin(MemorySegment memory);

  /** Memory with pages of its own. */
  static MemorySegment pages(long bytes, Arena arena) {
    return arena.allocate(Math.ceilDiv(Math.max(bytes, 1), PAGE) * PAGE, PAGE);
  }
}
