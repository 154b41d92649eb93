// Retry: tries again what a network cut short, with growing waits and an end.
package dev.gatun.hub;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.net.http.HttpHeaders;
import java.time.Duration;

/** One piece of work on the network; its failures in a row are counted. */
final class Retry {
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(60);

  /** One try; an IOException asks for another. */
  interface Attempt<T> {
    T run() throws IOException, InterruptedException;
  }

  /** The server asks to come back later. */
  static final class Busy extends IOException {
    private static final long serialVersionUID = 1L;
    private final long seconds;

    Busy(String message, HttpHeaders headers) {
      super(message);
      String after = headers.firstValue("retry-after").orElse("");
      this.seconds =
          after.matches("\\d{1,6}") ? Long.parseLong(after) : 0; // a date is left to our own waits
    }
  }

  private final String what;
  private final Patience patience;
  private final FetchListener listener;
  private int failures;

  Retry(String what, FetchOptions options) {
    this.what = what;
    this.patience = options.patience();
    this.listener = options.listener();
  }

  /** The work came on since the last failure: the count starts again. */
  void progressed() {
    failures = 0;
  }

  <T> T run(Attempt<T> attempt) throws InterruptedException {
    while (true) {
      try {
        return attempt.run();
      } catch (IOException e) {
        failures++;
        if (failures >= patience.attempts()) {
          throw Refusal.io(
              what + ": " + e.getMessage() + " (" + failures + " failed attempts in a row)",
              "check the network and run it again: what has come is kept",
              e);
        }
        listener.tell(what + ": " + e.getMessage() + "; trying again");
        Thread.sleep(pause(e));
      }
    }
  }

  private Duration pause(IOException e) {
    Duration grown = patience.backoff().multipliedBy(1L << Math.min(failures - 1, 16));
    Duration asked = e instanceof Busy busy ? Duration.ofSeconds(busy.seconds) : Duration.ZERO;
    Duration wait = grown.compareTo(asked) > 0 ? grown : asked;
    return wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
  }
}
