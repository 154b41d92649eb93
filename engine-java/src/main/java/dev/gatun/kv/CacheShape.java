// CacheShape: what one token of a model takes in the key/value cache.
package dev.gatun.kv;

import dev.gatun.device.Device;

/**
 * @param pageBytes bytes of one page of one layer, as the device lays it out
 */
public record CacheShape(int layers, int kvHeads, int headDim, CacheTypes types, long pageBytes) {

  /** Refusal.usage where the types do not suit heads of {@code headDim} elements. */
  public static CacheShape of(
      Device device, int layers, int kvHeads, int headDim, CacheTypes types) {
    types.requireHeads(headDim);
    long pageBytes = device.queue().cachePageBytes(kvHeads, headDim, types.keys(), types.values());
    return new CacheShape(layers, kvHeads, headDim, types, pageBytes);
  }

  /** Pages that hold {@code tokens} tokens. */
  public int pages(int tokens) {
    return Math.ceilDiv(tokens, Device.pageTokens());
  }

  /** Bytes of all layers for {@code tokens} tokens. */
  public long bytes(int tokens) {
    return pageBytes * layers * pages(tokens);
  }
}
