// Receiving: how long one connection may take to say what it asks.
package dev.gatun.server;

import dev.gatun.server.ServerOptions.Limits;
import org.eclipse.jetty.io.EndPoint;

/**
 * The connection's time runs from its opening, or from the end of the answer before, until a
 * request's head is there, then until its body is; it stands still while the answer is made.
 * Jetty's own idle timeout starts anew at every byte, so a client that sends one now and then would
 * stay.
 */
final class Receiving {
  private static final long NEVER = Long.MAX_VALUE;

  private final EndPoint endPoint;
  private final Limits limits;
  private volatile long since = System.nanoTime();

  Receiving(EndPoint endPoint, Limits limits) {
    this.endPoint = endPoint;
    this.limits = limits;
  }

  int bodyBytes() {
    return limits.bodyBytes();
  }

  /** What comes next is awaited from now on. */
  void awaits() {
    since = System.nanoTime();
  }

  /** Nothing is awaited. */
  void received() {
    since = NEVER;
  }

  void closeIfLate() {
    long from = since;
    if (from != NEVER && System.nanoTime() - from > limits.receiving().toNanos()) {
      endPoint.close();
    }
  }
}
