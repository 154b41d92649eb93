// Exchange: parts of all members of a group on their way to all of them.
package dev.gatun.ranks;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Filled, published, awaited, read, closed, in this order. A rank that reads nothing may close it
 * without awaiting it. A rank whose device copies by itself says so by an {@link Arrival}, and need
 * not wait for that.
 */
public interface Exchange extends AutoCloseable {

  /**
   * Host memory of all parts, one after another, aligned to a page. This rank writes its own part
   * before {@link #publish}, and reads the others' after {@link #await}.
   */
  MemorySegment memory();

  /** This rank's part is there; what is done from here to {@link #await} hides the way. */
  void publish();

  /** As {@link #publish()}, of a part that is there once {@code copies} has come. */
  default void publish(Arrival copies) {
    copies.await();
    publish();
  }

  /** Waits until all parts are there. Refusal.device where a member has failed. */
  void await();

  /**
   * In place of {@link #await}: waits until all parts are there or on their way. Refusal.device
   * where a member has failed.
   *
   * @return what has to come before the parts may be read
   */
  default List<Arrival> announced() {
    await();
    return List.of();
  }

  /** The memory is not read any more. */
  @Override
  void close();

  /** In place of {@link #close()}: it is read until {@code copies} has come. */
  void close(Arrival copies);
}
