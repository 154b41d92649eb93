// A server of the tests' own: the page's files, and answers that a test writes; it needs no model.
package dev.gatun.server.page;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Each has a port, and so an origin, of its own: nothing that a browser kept of another is there.
 */
final class MockServer implements AutoCloseable {
  static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'"
          + " data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors"
          + " 'none'";

  /** Answers one request for a chat completion. */
  interface Reply {
    void send(HttpExchange exchange) throws IOException;
  }

  private final Map<String, PageFiles.Entry> files = PageFiles.read();
  private final Queue<Reply> replies = new ConcurrentLinkedQueue<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer server;

  /** Bodies of requests for chat completions, in order. */
  final List<JsonNode> requests = new CopyOnWriteArrayList<>();

  /**
   * Paths that were asked for and are neither files of the page nor its API: a leak, or a broken
   * link.
   */
  final List<String> strangers = new CopyOnWriteArrayList<>();

  volatile String key = "";
  volatile String loading = "";
  volatile String models = "{\"data\":[{\"id\":\"QwQ-32B-AWQ\"}]}";
  volatile String props =
      "{\"model\":\"QwQ-32B-AWQ\",\"context\":40960,\"parallel\":4,\"cache\":{\"used\":1288490189,\"total\":5476083302}}";

  MockServer() throws IOException {
    this(0);
  }

  MockServer(int port) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + port() + "/";
  }

  int port() {
    return server.getAddress().getPort();
  }

  /** What the next request that has no reply yet gets. */
  MockServer reply(Reply reply) {
    replies.add(reply);
    return this;
  }

  MockServer stream(StreamedAnswer.Script script) {
    return reply(exchange -> StreamedAnswer.send(exchange, script));
  }

  /** An answer of one piece of text. */
  MockServer thenText(String text) {
    return stream(out -> out.text(text).end("stop"));
  }

  static Reply error(int status, String type, String message) {
    return exchange -> {
      var error = Map.of("error", Map.of("message", message, "type", type, "code", status));
      send(exchange, status, "application/json", new ObjectMapper().writeValueAsBytes(error));
    };
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      PageFiles.Entry file = files.get(path);
      if (file != null) {
        exchange.getResponseHeaders().set("Content-Security-Policy", POLICY);
        exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
        send(exchange, 200, file.type(), file.bytes());
      } else if (path.equals("/health")) {
        boolean ready = loading.isEmpty();
        json(exchange, ready ? 200 : 503, ready ? "{\"status\":\"ok\"}" : loading);
      } else if (!key.isEmpty()
          && !("Bearer " + key).equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
        error(401, "authentication_error", "Invalid API key").send(exchange);
      } else {
        api(exchange, path);
      }
    }
  }

  private void api(HttpExchange exchange, String path) throws IOException {
    switch (path) {
      case "/v1/models" -> json(exchange, 200, models);
      case "/props" -> json(exchange, props.isEmpty() ? 404 : 200, props.isEmpty() ? "{}" : props);
      case "/v1/chat/completions" -> {
        requests.add(new ObjectMapper().readTree(exchange.getRequestBody()));
        Reply reply = replies.poll();
        if (reply == null) {
          throw new IllegalStateException("the test has no reply for request " + requests.size());
        }
        reply.send(exchange);
      }
      default -> {
        strangers.add(exchange.getRequestURI().toString());
        json(exchange, 404, "{}");
      }
    }
  }

  private static void json(HttpExchange exchange, int status, String body) throws IOException {
    send(exchange, status, "application/json", body.getBytes(StandardCharsets.UTF_8));
  }

  private static void send(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  static MockServer start() {
    try {
      return new MockServer();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
