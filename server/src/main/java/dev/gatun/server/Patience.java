// Patience: how long one connection may keep the server waiting.
package dev.gatun.server;

import dev.gatun.server.ServerOptions.Limits;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.EndPoint;

/**
 * A time runs from the connection's opening, or from the end of the answer before, until a
 * request's head is there, then one until its body is; then it stands still while the answer is
 * made, and runs again while pieces of it wait for the client to take them: for all of an answer's
 * pieces together. Jetty's own idle timeout starts anew at every byte, so a client that sends or
 * takes one now and then would stay. Written by the thread that has the connection.
 */
final class Patience {
  private static final long NEVER = Long.MAX_VALUE;

  private final EndPoint endPoint;
  private final Limits limits;
  private volatile long end; // in nanoseconds
  private volatile boolean sends;
  private boolean last;
  private long taken; // nanoseconds that pieces of this answer have waited

  Patience(EndPoint endPoint, Limits limits) {
    this.endPoint = endPoint;
    this.limits = limits;
    awaits();
  }

  int bodyBytes() {
    return limits.bodyBytes();
  }

  /** The next head or body is awaited from now on. */
  void awaits() {
    taken = 0;
    sends = false;
    end = System.nanoTime() + limits.receiving().toNanos();
  }

  /** Nothing is awaited. */
  void received() {
    end = NEVER;
  }

  /** A piece of the answer is written from now on. */
  void sends() {
    sends = true;
    end = System.nanoTime() + limits.stalled().toNanos() - taken;
  }

  /** It is. */
  void sent() {
    taken = limits.stalled().toNanos() - (end - System.nanoTime());
    end = NEVER;
  }

  /** The request that is answered is the connection's last. */
  void asksNoMore() {
    last = true;
  }

  boolean isOver() {
    return last;
  }

  /** Ends the connection. */
  void cut(Throwable why) {
    endPoint.close(why);
  }

  void endIfLate() {
    long until = end;
    if (until == NEVER || System.nanoTime() - until < 0) {
      return;
    }
    TimeoutException late = new TimeoutException("the client is too slow");
    // Where a body is awaited, who reads it is told; else there is nobody but the connection.
    if (sends || endPoint.getConnection().onIdleExpired(late)) {
      endPoint.close(late);
    }
  }
}
