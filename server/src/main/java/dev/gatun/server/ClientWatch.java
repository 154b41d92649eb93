// ClientWatch: notices that a client has left while its answer is being made.
package dev.gatun.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;

/**
 * Waits for the connection's input, which has nothing more to say but its end: so it is seen
 * without writing, in a long prompt as well. Bytes of a next request are dropped; the connection is
 * closed after this one.
 */
final class ClientWatch implements Callback {
  private final EndPoint endPoint;
  private final Runnable left;
  private final ByteBuffer dropped = BufferUtil.allocate(256);

  private ClientWatch(EndPoint endPoint, Runnable left) {
    this.endPoint = endPoint;
    this.left = left;
  }

  /**
   * @param left is run once, by any thread, where the client leaves before the connection's end
   */
  static void start(EndPoint endPoint, Runnable left) {
    endPoint.tryFillInterested(new ClientWatch(endPoint, left));
  }

  @Override
  public void succeeded() {
    try {
      BufferUtil.clear(dropped);
      int count = endPoint.fill(dropped);
      while (count > 0) {
        BufferUtil.clear(dropped);
        count = endPoint.fill(dropped);
      }
      if (count < 0) {
        left.run();
      } else {
        endPoint.tryFillInterested(this);
      }
    } catch (IOException e) {
      left.run();
    }
  }

  @Override
  public void failed(Throwable cause) {
    left.run();
  }

  @Override
  public InvocationType getInvocationType() {
    return InvocationType.NON_BLOCKING;
  }
}
