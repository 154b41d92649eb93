// Compilation: one grammar made into a matcher, on a thread of its own.
package dev.gatun.grammar;

import dev.gatun.bindings.llguidance.LlGuidance;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Native code that overflows its stack ends the process, and a caller's may be short; and nothing
 * ends native code that goes on for too long, so the caller leaves it behind.
 */
final class Compilation {
  /** For what nests; taken only as far as it does. */
  private static final long STACK_BYTES = 64 << 20;

  /** A grammar that a model can follow takes some milliseconds. */
  private static final long MOST_SECONDS = 30;

  /** For a place, which others leave after some milliseconds unless they are left behind. */
  private static final long MOST_SECONDS_OF_WAITING = 5;

  /** Taken by each that runs: those that were left behind keep theirs until they end. */
  static final Semaphore PLACES = new Semaphore(4, true);

  private Compilation() {}

  /**
   * The matcher, at the beginning of a text; the caller frees it.
   *
   * @throws Refusal (does not fit) where too many that were left behind run on, or no thread can be
   *     started; (interrupted) of a thread that waits for others
   */
  static MemorySegment run(TokenTable table, Source source) {
    takePlace();
    CompletableFuture<MemorySegment> done = new CompletableFuture<>();
    Runnable work =
        () -> {
          try {
            MemorySegment matcher = matcher(table, source);
            if (!done.complete(matcher)) {
              LlGuidance.llg_free_matcher(matcher); // nobody waits any more
            }
          } catch (Throwable e) {
            done.completeExceptionally(e);
          } finally {
            PLACES.release();
          }
        };
    Thread thread = new Thread(null, work, "gatun-grammar", STACK_BYTES);
    thread.setDaemon(true);
    try {
      thread.start();
    } catch (OutOfMemoryError e) { // of a container's threads, as a rule
      PLACES.release();
      throw Refusal.doesNotFit("no thread to compile a grammar can be started", "try again later");
    }
    return await(done, source);
  }

  private static void takePlace() {
    try {
      if (PLACES.tryAcquire(MOST_SECONDS_OF_WAITING, TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Refusal.interrupted("interrupted while a grammar waited to be compiled");
    }
    throw Refusal.doesNotFit(
        "grammars that take too long to compile keep all places", "try again later");
  }

  private static MemorySegment await(CompletableFuture<MemorySegment> done, Source source) {
    try {
      return done.orTimeout(MOST_SECONDS, TimeUnit.SECONDS).join();
    } catch (CompletionException e) {
      throw switch (e.getCause()) {
        case TimeoutException _ ->
            source.refused("it takes more than " + MOST_SECONDS + " s to compile");
        case RuntimeException cause -> cause;
        default -> e;
      };
    }
  }

  /** With its first mask, since some of what is wrong with a grammar shows only there. */
  private static MemorySegment matcher(TokenTable table, Source source) {
    MemorySegment matcher = table.newMatcher(source.kind(), source.text());
    try {
      check(matcher, source);
    } catch (RuntimeException e) {
      LlGuidance.llg_free_matcher(matcher);
      throw e;
    }
    return matcher;
  }

  private static void check(MemorySegment matcher, Source source) {
    String error = MatcherMask.error(matcher);
    if (error.isEmpty() && LlGuidance.llg_matcher_compute_mask(matcher) != 0) {
      error = MatcherMask.error(matcher);
    }
    if (!error.isEmpty()) {
      throw source.refused(error);
    }
    if (LlGuidance.llg_matcher_is_stopped(matcher)) {
      throw source.refused("it allows the empty text alone");
    }
  }
}
