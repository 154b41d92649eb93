// Admission: how many requests may be answered or wait at once.
package dev.gatun.server;

import java.util.concurrent.atomic.AtomicInteger;

/** The engine takes answers in order of arrival; here only their number is bounded. */
public final class Admission {
  private final int most;
  private final AtomicInteger inside = new AtomicInteger();

  /** Leaves when it is closed. */
  public interface Ticket extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * @param most answers that run or wait
   */
  Admission(int most) {
    this.most = most;
  }

  /**
   * @param answers of one request
   * @throws ApiError 503 where too many wait
   */
  public Ticket enter(int answers) {
    if (inside.addAndGet(answers) > most) {
      inside.addAndGet(-answers);
      throw ApiError.unavailable(
          "the server is busy: " + most + " answers run or wait; try again later (--max-queue)");
    }
    return () -> inside.addAndGet(-answers);
  }

  /** Answers that run or wait. */
  public int count() {
    return inside.get();
  }
}
