// Readers: the threads that read checkpoints.
package dev.gatun.weights;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Nobody else interrupts them: an interrupt during a read would close the file for all its readers
 * ({@link java.nio.channels.InterruptibleChannel}). So whoever is interrupted while he waits for
 * them finds the checkpoint as it was. They end when there was nothing to read for a while.
 */
final class Readers {
  /** Enough to keep several requests before a disk, and for a copy from the page cache. */
  private static final int COUNT = Math.clamp(Runtime.getRuntime().availableProcessors(), 2, 8);

  private static final ThreadPoolExecutor THREADS = threads();

  private Readers() {}

  private static ThreadPoolExecutor threads() {
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            COUNT,
            COUNT,
            2,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name("weights-", 0).factory());
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }

  /** Runs {@code read} on one of them; what it throws, {@link Reading#await} throws. */
  static Reading start(Runnable read) {
    CompletableFuture<Void> done = CompletableFuture.runAsync(read, THREADS);
    return () -> {
      try {
        done.join();
      } catch (CompletionException e) {
        switch (e.getCause()) {
          case RuntimeException failure -> throw failure;
          case Error failure -> throw failure;
          default -> throw e;
        }
      }
    };
  }
}
