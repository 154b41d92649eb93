// Communicator: GPUs of several processes that hand each other bytes by themselves.
package dev.gatun.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * As one of its ranks sees it. What is issued here is done in its order, beside what the device has
 * to do: marks say what comes after what. For one thread, but for {@link #failure}.
 */
public interface Communicator extends AutoCloseable {
  /** Of what all ranks have to know to find each other: NCCL's unique id. */
  int ID_BYTES = 128;

  /** What is issued from now on comes after {@code mark}, which is its device's. */
  void after(Mark mark);

  /**
   * Issues that each rank's part goes to the others; all ranks issue the same.
   *
   * @param memory of all parts, on the device; this rank's is there
   */
  void exchange(MemorySegment memory, Parts parts);

  /** A mark of what is issued here, that lives as long as {@code arena}. */
  Mark mark(Arena arena);

  /** Why what was issued will never be done; empty while all is well. From any thread. */
  Optional<String> failure();

  /** All ranks do it; nothing is under way. */
  @Override
  void close();
}
