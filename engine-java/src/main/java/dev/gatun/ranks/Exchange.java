// Exchange: parts of all members of a group on their way to all of them.
package dev.gatun.ranks;

import java.lang.foreign.MemorySegment;

/**
 * Filled, published, awaited, read, closed, in this order. A rank that reads nothing may close it
 * without awaiting it.
 */
public interface Exchange extends AutoCloseable {

  /**
   * Host memory of all parts, one after another, 64-byte aligned. This rank writes its own part
   * before {@link #publish}, and reads the others' after {@link #await}.
   */
  MemorySegment memory();

  /** This rank's part is there; what is done from here to {@link #await} hides the way. */
  void publish();

  /** Waits until all parts are there. Refusal.device where a member has failed. */
  void await();

  /** The memory is not read any more. */
  @Override
  void close();
}
