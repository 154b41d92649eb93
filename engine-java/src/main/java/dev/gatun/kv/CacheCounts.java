// CacheCounts: how much of the cache is used, and what sharing and host memory have spared.
package dev.gatun.kv;

/**
 * At one moment; what is counted over time, since the engine was loaded.
 *
 * @param pages of the device's cache, of {@code Device.pageTokens()} tokens each
 * @param heldPages of them, which sequences have; others are free, or kept for who begins alike
 * @param hostPages pages in host memory, copies of the device's included
 * @param movedOut pages copied to host memory
 * @param movedIn pages copied back
 * @param queriedTokens tokens that sequences have looked for among what was computed before
 * @param sharedTokens of them, which were found
 */
public record CacheCounts(
    int pages,
    int heldPages,
    int hostPages,
    long movedOut,
    long movedIn,
    long queriedTokens,
    long sharedTokens) {

  /** Of two caches together. */
  public CacheCounts plus(CacheCounts other) {
    return new CacheCounts(
        pages + other.pages,
        heldPages + other.heldPages,
        hostPages + other.hostPages,
        movedOut + other.movedOut,
        movedIn + other.movedIn,
        queriedTokens + other.queriedTokens,
        sharedTokens + other.sharedTokens);
  }
}
