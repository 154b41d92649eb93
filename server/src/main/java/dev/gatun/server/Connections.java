// Connections: those that are open, and the clock that closes the slow ones.
package dev.gatun.server;

import dev.gatun.server.ServerOptions.Limits;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;

/** Jetty's threads tell it of connections, one of its own looks at them once a second. */
final class Connections implements Connection.Listener, AutoCloseable {
  private final Map<EndPoint, Patience> open = new ConcurrentHashMap<>();
  private final Limits limits;
  private final Thread clock;

  Connections(Limits limits) {
    this.limits = limits;
    clock = Thread.ofVirtual().name("gatun-connections").start(this::watch);
  }

  @Override
  public void onOpened(Connection connection) {
    EndPoint endPoint = connection.getEndPoint();
    open.put(endPoint, new Patience(endPoint, limits));
  }

  @Override
  public void onClosed(Connection connection) {
    open.remove(connection.getEndPoint());
  }

  /** Empty where the connection is closed: what else it sent may still be handled by Jetty. */
  Optional<Patience> of(EndPoint endPoint) {
    return Optional.ofNullable(open.get(endPoint));
  }

  int count() {
    return open.size();
  }

  private void watch() {
    try {
      while (true) {
        Thread.sleep(1000);
        open.values().forEach(Patience::endIfLate);
      }
    } catch (InterruptedException e) {
      // The server is closed.
    }
  }

  @Override
  public void close() {
    clock.interrupt();
  }
}
