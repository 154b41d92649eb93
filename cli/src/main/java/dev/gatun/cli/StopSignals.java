// StopSignals: Ctrl-C, and what a service is stopped with: the first one asks, the second one ends.
package dev.gatun.cli;

import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jline.utils.Signals;

/** From its construction to the program's end; for the one command that stops by itself then. */
final class StopSignals {
  private static final List<String> NAMES = List.of("INT", "TERM");

  /** 128 + SIGINT, as shells have it. */
  private static final int INTERRUPTED = 130;

  private final CountDownLatch asked = new CountDownLatch(1);
  private final PrintStream err;
  private volatile boolean serving;

  StopSignals(PrintStream err) {
    this.err = err;
    NAMES.forEach(name -> Signals.register(name, this::signalled));
  }

  /** From now on the first signal asks; before, there is nobody whom an end at once would hurt. */
  void await() throws InterruptedException {
    serving = true;
    asked.await();
  }

  private synchronized void signalled() {
    if (serving && asked.getCount() > 0) {
      err.println("gatun: stopping when those under way are answered; Ctrl-C again ends at once");
      asked.countDown();
      return;
    }
    err.println("gatun: interrupted");
    Runtime.getRuntime().halt(INTERRUPTED); // hooks could wait
  }
}
