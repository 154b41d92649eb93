// Nccl: a communicator of NVIDIA's library by which GPUs of several processes hand each other
// bytes.
package dev.gatun.device;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Of one rank, for one thread; but {@link #failure} is for any. */
interface Nccl extends AutoCloseable {

  /**
   * Issues on the stream that each rank's part goes to the others. All ranks issue the same ones in
   * the same order.
   *
   * @param memory device memory of all parts; this rank's is there
   */
  void exchange(MemorySegment memory, Parts parts, MemorySegment stream);

  /** Why what was issued will never be done; empty while all is well. */
  Optional<String> failure();

  @Override
  void close();
}
