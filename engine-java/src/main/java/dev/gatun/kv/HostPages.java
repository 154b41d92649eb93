// HostPages: pages of one device's caches in host memory.
package dev.gatun.kv;

import dev.gatun.device.Device;
import dev.gatun.device.HostMemory;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Memory is taken in blocks when it is needed, since pinning gigabytes takes seconds. */
public final class HostPages implements PageStore {
  private static final long BLOCK_BYTES = 64L << 20;

  private final DevicePages pages;
  private final CacheShape shape;
  private final int most;
  private final int slotsOfBlock;
  private final Device device;
  private final Arena arena;
  private final List<MemorySegment> blocks = new ArrayList<>();
  private int taken;
  private int given;

  /**
   * @param most slots that it may take memory for, 0 or more
   * @param arena lifetime of that memory
   */
  public HostPages(DevicePages pages, CacheShape shape, int most, Device device, Arena arena) {
    this.pages = pages;
    this.shape = shape;
    this.most = most;
    this.device = device;
    this.arena = arena;
    long fitting = slotBytes() == 0 ? most : BLOCK_BYTES / slotBytes();
    slotsOfBlock = Math.clamp(fitting, 1, Math.max(1, most));
  }

  private long slotBytes() {
    return shape.pageBytes() * shape.caches();
  }

  /** Takes all its memory now; Refusal.doesNotFit where there is too little. */
  public void reserve() {
    while (taken < most) {
      takeBlock();
    }
  }

  /** Most pages that it holds. */
  public int slots() {
    return most;
  }

  /** Bytes of the memory that it has taken, where that is pinned. */
  public long pinnedBytes() {
    return device.isGpu() ? blocks.stream().mapToLong(MemorySegment::byteSize).sum() : 0;
  }

  /**
   * What was free when the load was planned may have gone to another program: then there are as
   * many slots as there are.
   */
  @Override
  public int grow() {
    try {
      if (given == taken && taken < most) {
        takeBlock();
      }
    } catch (Refusal refusal) {
      if (refusal.reason() != Refusal.Reason.DOES_NOT_FIT) {
        throw refusal;
      }
    }
    int more = taken - given;
    given = taken;
    return more;
  }

  private void takeBlock() {
    int count = Math.min(slotsOfBlock, most - taken);
    long bytes = Math.max(1, count * slotBytes());
    String purpose = "pages of the cache";
    blocks.add(
        device.isGpu()
            ? device.hostMemory(purpose, bytes, arena)
            : HostMemory.allocate(bytes, arena));
    taken += count;
  }

  @Override
  public void out(int page, int slot) {
    for (int cache = 0; cache < shape.caches(); cache++) {
      device.copyOut(pages.page(cache, page), memory(slot, cache));
    }
  }

  @Override
  public void in(int slot, int page) {
    for (int cache = 0; cache < shape.caches(); cache++) {
      device.upload(memory(slot, cache), pages.page(cache, page));
    }
  }

  /** Of one cache in a slot. */
  private MemorySegment memory(int slot, int cache) {
    long bytes = shape.pageBytes();
    long offset = (slot % slotsOfBlock) * slotBytes() + cache * bytes;
    return blocks.get(slot / slotsOfBlock).asSlice(offset, bytes);
  }
}
