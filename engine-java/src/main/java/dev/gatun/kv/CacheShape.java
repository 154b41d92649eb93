// CacheShape: what one token of a model takes in the key/value cache.
package dev.gatun.kv;

import dev.gatun.device.DType;
import dev.gatun.device.Device;

/**
 * @param pageBytes bytes of one page of one layer, as the device lays it out
 */
public record CacheShape(int layers, int kvHeads, int headDim, DType dtype, long pageBytes) {

  public static CacheShape of(Device device, int layers, int kvHeads, int headDim, DType dtype) {
    return new CacheShape(
        layers, kvHeads, headDim, dtype, device.cachePageBytes(kvHeads, headDim, dtype));
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
