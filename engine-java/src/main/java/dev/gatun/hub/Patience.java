// Patience: how long a download waits and how often it tries again.
package dev.gatun.hub;

import java.time.Duration;

/**
 * Limits that keep a download from hanging.
 *
 * @param connect longest wait for a connection
 * @param stall longest wait for the next byte
 * @param attempts failed attempts in a row before giving up; one that brings the file on does not
 *     count
 * @param backoff wait before the second attempt; doubled before each further one
 */
public record Patience(Duration connect, Duration stall, int attempts, Duration backoff) {
  public static final Patience DEFAULT =
      new Patience(Duration.ofSeconds(15), Duration.ofSeconds(60), 5, Duration.ofMillis(500));

  public Patience {
    if (attempts < 1) {
      throw new IllegalArgumentException("attempts: " + attempts + ", at least 1");
    }
  }
}
