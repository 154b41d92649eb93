// BodyBudget: how many bytes of bodies all requests together may hold.
package dev.gatun.server;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A body as JSON takes some ten times its bytes, so bodies that are each short enough could fill
 * the heap together. For any threads.
 */
final class BodyBudget {
  /** Part of the heap that the bytes themselves may take. */
  private static final int PART = 32;

  private final long most;
  private final AtomicLong held = new AtomicLong();

  BodyBudget(long most) {
    this.most = most;
  }

  /** For this JVM's heap, and at least for one body. */
  static BodyBudget ofHeap(int longestBody) {
    return new BodyBudget(Math.max(longestBody, Runtime.getRuntime().maxMemory() / PART));
  }

  /**
   * @throws ApiError 503 where others hold too much
   */
  void take(int bytes) {
    if (held.addAndGet(bytes) > most) {
      held.addAndGet(-bytes);
      throw ApiError.unavailable("the server is busy with others' long requests; try again later");
    }
  }

  void give(int bytes) {
    held.addAndGet(-bytes);
  }
}
