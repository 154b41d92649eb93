// Exchange: parts of all members of a group on their way to all of them.
package dev.gatun.ranks;

import dev.gatun.device.Mark;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Filled, published, awaited, read, closed, in this order. A rank that reads nothing may close it
 * without awaiting it. A rank whose device copies by itself says so by a {@link Mark} behind its
 * copies, and need not wait for that.
 */
public interface Exchange extends AutoCloseable {

  /**
   * The memory of byte {@code offset} of all parts, one after another, and of what follows it in
   * its part: the host's, or devices' where {@link Link} made the group. This rank writes its own
   * part before {@link #publish}, and reads the others' after {@link #await}.
   */
  MemorySegment at(long offset);

  /** This rank's part is there; what is done from here to {@link #await} hides the way. */
  void publish();

  /** As {@link #publish()}, of a part that is there once {@code copies} is passed. */
  default void publish(Mark copies) {
    copies.await();
    publish();
  }

  /** Waits until all parts are there. Refusal.device where a member has failed. */
  void await();

  /**
   * In place of {@link #await}: waits until all parts are there or on their way. Refusal.device
   * where a member has failed.
   *
   * @return what has to be passed before the parts may be read
   */
  default List<Mark> announced() {
    await();
    return List.of();
  }

  /** The memory is not read any more. */
  @Override
  void close();

  /** In place of {@link #close()}: it is read until {@code copies} is passed. */
  void close(Mark copies);
}
