// Reading: a read of a checkpoint's bytes that is under way.
package dev.gatun.weights;

import java.util.List;

/** What {@link ByteRange#begin} started. Belongs to one thread. */
public interface Reading {
  /** Nothing to wait for. */
  Reading DONE = () -> {};

  /**
   * Returns when all bytes are there. Whatever is thrown, nothing is written to their memory from
   * then on.
   *
   * @throws dev.gatun.refusal.Refusal with reason MODEL where the file ends before them, IO where
   *     it cannot be read
   * @throws IllegalStateException where the checkpoint was closed
   */
  void await();

  /** All of several; if some fail, the first of them is told. */
  static Reading all(List<Reading> readings) {
    return () -> {
      RuntimeException failure = null;
      for (Reading reading : readings) {
        try {
          reading.await();
        } catch (RuntimeException e) {
          failure = failure == null ? e : failure;
        }
      }
      if (failure != null) {
        throw failure;
      }
    };
  }
}
