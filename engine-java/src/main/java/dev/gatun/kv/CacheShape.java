// CacheShape: what one token of a model takes in the key/value cache.
package dev.gatun.kv;

import dev.gatun.device.Device;

/**
 * @param caches layers that keep keys and values, one cache each; layers without attention have
 *     none
 * @param latent leading elements of a key that are its value, so that no values are kept; else 0
 * @param pageBytes bytes of one page of one cache, as the device lays it out
 */
public record CacheShape(
    int caches, int kvHeads, int headDim, int latent, CacheTypes types, long pageBytes) {

  /** Refusal.usage where the types do not suit heads of {@code headDim} elements. */
  public static CacheShape of(
      Device device, int caches, int kvHeads, int headDim, int latent, CacheTypes types) {
    types.requireHeads(headDim, latent > 0);
    long pageBytes =
        device.queue().cachePageBytes(kvHeads, headDim, latent, types.keys(), types.values());
    return new CacheShape(caches, kvHeads, headDim, latent, types, pageBytes);
  }

  /** Pages that hold {@code tokens} tokens. */
  public int pages(int tokens) {
    return Math.ceilDiv(tokens, Device.pageTokens());
  }

  /** Bytes of all caches for {@code tokens} tokens. */
  public long bytes(int tokens) {
    return pageBytes * caches * pages(tokens);
  }
}
