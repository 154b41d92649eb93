// Interrupts: Ctrl-C outside the REPL: an answer under way is stopped and finished off, then the
// program ends.
package dev.gatun.cli;

import dev.gatun.chat.Cancellation;
import java.io.PrintStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The JVM answers SIGINT with its shutdown and exit code 130 (128 + signal). A shutdown hook holds
 * that back until the answer's last line is written. The REPL handles the signal itself and does
 * not come here.
 */
final class Interrupts {
  /**
   * Longest wait for the step under way: a prompt's chunk on a large model may take longer than
   * patience.
   */
  private static final long PATIENCE_SECONDS = 3;

  private final CountDownLatch finished = new CountDownLatch(1);
  private final Cancellation cancellation = new Cancellation();
  private volatile boolean answering;

  /** For tests and embedding: never interrupted. */
  static Interrupts none() {
    return new Interrupts();
  }

  static Interrupts install(PrintStream err) {
    Interrupts interrupts = new Interrupts();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> interrupts.shutdown(err), "interrupts"));
    return interrupts;
  }

  /** From now on Ctrl-C asks the answer to stop instead of ending the program at once. */
  Cancellation answering() {
    answering = true;
    return cancellation;
  }

  /** The last line is written; the program may end. */
  void finished() {
    finished.countDown();
  }

  private void shutdown(PrintStream err) {
    cancellation.cancel();
    if (finished.getCount() == 0) {
      return;
    }
    if (!answering) {
      err.println("gatun: interrupted");
      return;
    }
    try {
      if (!finished.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        err.println("gatun: interrupted");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
