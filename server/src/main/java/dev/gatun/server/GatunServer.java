// GatunServer: HTTP in front of a model.
package dev.gatun.server;

import dev.gatun.Gatun;
import dev.gatun.refusal.Refusal;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * Listens from its start on: while the model is loaded requests are answered 503. The model is the
 * caller's to close, before the server: see {@link #drain}. For any threads.
 */
public final class GatunServer implements AutoCloseable {
  /** Of a request's head; more is refused with 431. */
  private static final int HEAD_BYTES = 16 << 10;

  private static final Duration LAST_WORDS = Duration.ofSeconds(1);

  private final Server server;
  private final ServerConnector connector;
  private final Connections connections;
  private final ServedModel served;
  private final RequestHandler requests;

  private GatunServer(
      Server server,
      ServerConnector connector,
      Connections connections,
      ServedModel served,
      RequestHandler requests) {
    this.server = server;
    this.connector = connector;
    this.connections = connections;
    this.served = served;
    this.requests = requests;
  }

  /**
   * @param log has a line for each request that is over; the caller's to close, after the server
   * @throws Refusal IO where the address cannot be listened on
   */
  public static GatunServer start(ServerOptions options, LogWriter log) {
    return start(options, log, routes -> {});
  }

  /**
   * @param more adds routes, for tests
   */
  static GatunServer start(ServerOptions options, LogWriter log, Consumer<Routes> more) {
    InetAddress address = address(options.host());
    ServedModel served = new ServedModel(options.names());
    Admission admission = new Admission(options.limits().answers());
    Connections connections = new Connections(options.limits());
    QueuedThreadPool threads = new QueuedThreadPool(16);
    threads.setName("gatun-http");
    threads.setVirtualThreadsExecutor(
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("gatun-request-", 0).factory()));
    Server server = new Server(threads);
    ServerConnector connector = new ServerConnector(server, 1, 1, http());
    connector.setHost(options.host());
    connector.setPort(options.port());
    connector.setIdleTimeout(options.limits().stalled().toMillis());
    connector.setAcceptQueueSize(options.limits().connections());
    connector.addBean(connections);
    server.addConnector(connector);
    server.addBean(new NetworkConnectionLimit(options.limits().connections(), connector));
    Gate gate = new Gate(options.access(), address.isLoopbackAddress());
    Metrics metrics = new Metrics(served, admission, connections, log);
    server.setErrorHandler(new JsonErrors(log, metrics));
    Api api = Api.of(served, admission, metrics);
    more.accept(api.routes());
    BodyBudget bodies = BodyBudget.ofHeap(options.limits().bodyBytes());
    RequestHandler requests = new RequestHandler(gate, api, connections, bodies, log);
    server.setHandler(requests);
    GatunServer started = new GatunServer(server, connector, connections, served, requests);
    try {
      server.start();
    } catch (Exception e) {
      started.close();
      throw Refusal.io(
          "cannot listen on " + options.host() + " port " + options.port() + ": " + reason(e),
          "choose another port (--port) or address (--host)",
          e);
    }
    return started;
  }

  private static HttpConnectionFactory http() {
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    http.setRequestHeaderSize(HEAD_BYTES);
    return new HttpConnectionFactory(http);
  }

  private static InetAddress address(String host) {
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw Refusal.usage(
          "--host " + host + " is no address of a machine", "use 127.0.0.1, or 0.0.0.0 for all");
    }
  }

  private static String reason(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.getMessage();
  }

  /** Where it listens, with the port that was found. */
  public URI uri() {
    String host = connector.getHost();
    return URI.create(
        "http://"
            + (host.contains(":") ? "[" + host + "]" : host)
            + ":"
            + connector.getLocalPort());
  }

  /** Answers requests from now on. */
  public void serve(Gatun model) {
    served.ready(model);
  }

  /**
   * Tells those who ask while the model is loaded.
   *
   * @param progress how much of it is, 0 to 1
   */
  public void loading(double progress) {
    served.progress(progress);
  }

  /**
   * Takes no more requests, and waits for those under way to end. Those that do not are ended by
   * the model's close, which tells their clients; then the server may be closed.
   */
  public void drain(Duration most) {
    served.stop();
    connector.shutdown();
    requests.awaitNone(most);
  }

  /**
   * Ends. Who is told that an answer ended early, by the model's close, gets a moment to hear it;
   * answers that still run are cut off.
   */
  @Override
  public void close() {
    requests.awaitNone(LAST_WORDS);
    try {
      server.stop();
    } catch (Exception e) {
      // It stops all the same; what did not end in time was cut off.
    } finally {
      connections.close();
    }
  }
}
