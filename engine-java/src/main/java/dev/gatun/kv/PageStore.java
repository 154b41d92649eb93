// PageStore: host memory for pages of the cache, and the copies there and back.
package dev.gatun.kv;

/**
 * Slots, numbered from 0, hold a page of all caches each. Copies are issued in the order of the
 * device's work and need not be waited for: whatever writes to a page or a slot comes after them.
 * For the thread that owns the device.
 */
public interface PageStore {
  /** Takes memory for some further slots; returns how many, 0 where there are no more. */
  int grow();

  /** Issues the copy of a page to a slot. */
  void out(int page, int slot);

  /** Issues the copy of a slot to a page. */
  void in(int slot, int page);
}
