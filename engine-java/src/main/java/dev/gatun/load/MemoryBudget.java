// MemoryBudget: what a model takes set against what a device has; arithmetic only.
package dev.gatun.load;

import dev.gatun.device.Device;
import dev.gatun.kv.CacheTypes;
import dev.gatun.weights.QuantMix;

/** All sizes in bytes, contexts in tokens. */
public record MemoryBudget(Footprint need, Capacity capacity) {

  /**
   * What weights and cache leave alone: the capacity's reserve, or more where driver, activations
   * and workspace take more.
   */
  public long reserve() {
    return Math.max(capacity.reserve(), used() + capacity.margin());
  }

  /** What of the reserve nothing is known to take. */
  public long margin() {
    return reserve() - used();
  }

  /** Left for the cache once weights and reserve are taken; negative where they do not fit. */
  public long leftForCache() {
    long others = held() + embedding() + exchange() + cacheRam();
    return capacity.bytes() - reserve() - others - need.weightBytes();
  }

  /** Random weights' source, where it lies in the memory that is counted. */
  public long held() {
    return capacity.isHost() ? need.held() : 0;
  }

  /** The embedding, where it lies in the memory that is counted. */
  public long embedding() {
    return capacity.isGpu() ? 0 : need.embedding();
  }

  /** The buffers of exchanges that lie in the memory that is counted. */
  public long exchange() {
    return need.lent() + (capacity.isHost() ? need.exchange() : 0);
  }

  /** Asked for, for pages that leave the cache, where it lies in the memory that is counted. */
  public long cacheRam() {
    return capacity.isHost() ? need.cacheRam() : 0;
  }

  /** Of the machine's memory, where that is not what is counted. */
  public long outside() {
    return (capacity.isGpu() ? need.embedding() : 0)
        + (capacity.isHost() ? 0 : need.exchange() + need.cacheRam());
  }

  /** Of a cache of {@code context} tokens, in whole pages. */
  public long cacheBytes(CacheTypes types, int context) {
    return need.pageBytes(types) * Math.ceilDiv(context, Device.pageTokens());
  }

  /** What a load allocates, on the device and on the host for it, as far as it is known before. */
  long allocated(CacheTypes types, int context) {
    return need.weightBytes()
        + need.embedding()
        + cacheBytes(types, context)
        + need.activations()
        + need.workspace()
        + need.gemm()
        + need.lent();
  }

  /** Left when everything is there; negative where it does not fit. */
  public long left(CacheTypes types, int context) {
    return leftForCache() - cacheBytes(types, context);
  }

  public boolean fits(CacheTypes types, int context) {
    return left(types, context) >= 0;
  }

  /** The largest context that fits, in whole pages; 0 where none does. */
  public int largestContext(CacheTypes types) {
    long left = Math.max(0, leftForCache());
    long page = need.pageBytes(types);
    if (page == 0) { // the device keeps none
      return left > 0 ? Integer.MAX_VALUE / 2 : 0;
    }
    return (int) Math.min(left / page * Device.pageTokens(), Integer.MAX_VALUE / 2);
  }

  /** The same model as a file of another kind. */
  MemoryBudget withWeights(QuantMix mix) {
    return new MemoryBudget(need.withWeights(mix), capacity);
  }

  private long used() {
    return capacity.taken() + need.activations() + need.workspace() + need.gemm();
  }
}
