// RefusedRequestsTest: what is no request, or none that is allowed, is refused in JSON, at once.
package dev.gatun.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.server.RawClient.Reply;
import dev.gatun.server.ServerOptions.Access;
import dev.gatun.server.ServerOptions.Limits;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** No model: none of these comes that far. */
class RefusedRequestsTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final Limits LIMITS =
      new Limits(2, 1 << 20, 64, Duration.ofSeconds(30), Duration.ofSeconds(30));

  private static GatunServer server;
  private static URI uri;
  private static Routes routes;

  @BeforeAll
  static void start() {
    Access access =
        new Access(
            Set.of("right", "other"), Set.of("https://good.example"), Set.of("Name.Example"));
    server =
        GatunServer.start(
            ServerOptions.defaults().withPort(0).withAccess(access).withLimits(LIMITS),
            LogWriter.none(),
            all -> routes = all);
    uri = server.uri();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static String keyed(String path, String body) {
    return RawClient.post(path, body, "Authorization: Bearer right");
  }

  private static void assertRefused(int status, Reply reply) {
    reply.assertRefused(status);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /health HTTP/1.1\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        "GET http://evil.example/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /v1/..%2fmodels HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "CONNECT a:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "\u0001\u0002\r\n\r\n",
        "POST /v1/models HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        "POST /v1/models HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
            + "Content-Length: 6\r\n\r\n",
        "POST /v1/models HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /v1/models HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
      })
  void whatIsNoRequest(String request) throws IOException {
    assertRefused(400, RawClient.ask(uri, request));
  }

  @Test
  void whatIsNoRequestIsLoggedToo() throws IOException {
    ByteArrayOutputStream lines = new ByteArrayOutputStream();
    try (LogWriter log = new LogWriter(lines, _ -> {});
        GatunServer own = GatunServer.start(ServerOptions.defaults().withPort(0), log)) {
      RawClient.ask(own.uri(), "nonsense\r\n\r\n");
      RawClient.ask(own.uri(), RawClient.get("/nope"));
    }
    List<String> all = lines.toString(StandardCharsets.UTF_8).lines().toList();
    assertEquals(2, all.size(), all.toString());
    assertTrue(all.getFirst().contains("\"status\":400,\"error\":"), all.toString());
    assertTrue(all.getLast().contains("\"status\":404"), all.toString());
  }

  @ParameterizedTest
  @CsvSource({
    "'GET /health\r\n', 505",
    "'GET /health HTTP/3.7\r\nHost: localhost\r\n\r\n', 505",
    "'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 426",
    "'POST /v1/models HTTP/1.1\r\nHost: localhost\r\nExpect: 200-ok\r\n\r\n', 417",
  })
  void whatHttpHasNoAnswerFor(String request, int status) throws IOException {
    assertRefused(status, RawClient.ask(uri, request));
  }

  @Test
  void headsThatAreTooLong() throws IOException {
    String many = "X: y\r\n".repeat(4000);
    assertRefused(
        431, RawClient.ask(uri, RawClient.head("GET", "/health", "X: " + "y".repeat(20_000))));
    assertRefused(431, RawClient.ask(uri, RawClient.head("GET", "/health") + many));
    assertRefused(414, RawClient.ask(uri, "GET /" + "a".repeat(20_000) + " HTTP/1.1\r\n"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "::1"})
  void hostsThatAreNotThisMachine(String host) throws IOException {
    assertRefused(403, RawClient.ask(uri, "GET /health HTTP/1.1\r\nHost: " + host + "\r\n\r\n"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "LOCALHOST:1",
        "a.localhost",
        "127.0.0.1",
        "[::1]:80",
        "name.example"
      })
  void hostsThatAre(String host) throws IOException {
    Reply reply = RawClient.ask(uri, "GET /health HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    assertRefused(503, reply); // as far as the model, which is not loaded
    assertTrue(reply.has("Retry-After: 1"), reply.head());
  }

  @Test
  void everyRouteButHealthNeedsTheKey() throws IOException {
    assertTrue(routes.paths().size() > 3, routes.paths().toString());
    for (String path : routes.paths()) {
      for (String method : routes.methods(path)) {
        if (!routes.find(method, path).open()) {
          for (String wrong : List.of("X: y", "Authorization: Bearer wrong", "x-api-key: righ")) {
            Reply reply = askEmpty(method, path, wrong);
            assertEquals(401, reply.status(), method + " " + path + " " + wrong);
          }
          Reply right = askEmpty(method, path, "Authorization: bearer right");
          assertFalse(right.status() == 401, path);
          assertFalse(askEmpty(method, path, "x-api-key: other").status() == 401, path);
        }
      }
    }
    assertFalse(routes.find("GET", "/metrics").open());
  }

  private static Reply askEmpty(String method, String path, String header) throws IOException {
    try (RawClient client = new RawClient(uri)) {
      client.send(RawClient.head(method, path, header, "Content-Length: 0") + "\r\n");
      return client.reply(!method.equals("HEAD"));
    }
  }

  @Test
  void pagesOfOtherSites() throws IOException {
    String good = "Origin: https://good.example";
    String evil = "Origin: https://evil.example";
    Reply preflight =
        RawClient.ask(
            uri,
            RawClient.head("OPTIONS", CHAT, good, "Access-Control-Request-Method: POST") + "\r\n");
    assertEquals(204, preflight.status());
    assertTrue(
        preflight.has("Access-Control-Allow-Origin: https://good.example"), preflight.head());
    assertTrue(preflight.has("Access-Control-Allow-Methods: POST"), preflight.head());
    Reply refused = RawClient.ask(uri, RawClient.head("OPTIONS", CHAT, evil) + "\r\n");
    assertRefused(405, refused);
    assertFalse(refused.head().contains("Access-Control"), refused.head());
    Reply error = RawClient.ask(uri, RawClient.get("/v1/models", good));
    assertRefused(401, error);
    assertTrue(error.has("Access-Control-Allow-Origin: https://good.example"), error.head());
    assertFalse(
        RawClient.ask(uri, RawClient.get("/v1/models", evil)).head().contains("Access-Control"));
  }

  @Test
  void bodiesOfTheWrongKind() throws IOException {
    String key = "Authorization: Bearer right";
    assertRefused(
        415, RawClient.ask(uri, RawClient.head("POST", CHAT, key, "Content-Length: 2") + "\r\n{}"));
    assertRefused(
        415,
        RawClient.ask(
            uri,
            RawClient.head("POST", CHAT, key, "Content-Type: text/plain", "Content-Length: 2")
                + "\r\n{}"));
    assertRefused(
        415, RawClient.ask(uri, RawClient.post(CHAT, "{}", key, "Content-Encoding: gzip")));
  }

  @Test
  void bodiesThatAreTooLong() throws IOException {
    String head =
        RawClient.head(
            "POST", CHAT, "Authorization: Bearer right", "Content-Type: application/json");
    Reply declared =
        RawClient.ask(uri, head + "Expect: 100-continue\r\nContent-Length: 1048577\r\n\r\n");
    assertRefused(413, declared); // before it is sent
    String chunk = "10000\r\n" + " ".repeat(0x10000) + "\r\n";
    try (RawClient client = new RawClient(uri)) {
      client.send(head + "Transfer-Encoding: chunked\r\n\r\n" + chunk.repeat(17));
      assertRefused(413, client.reply());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\0",
        "{",
        "[]",
        "\"\"",
        "{}{}",
        "{\"a\":1,\"a\":2}",
        "{\"temperature\":NaN}",
        "{'a':1}"
      })
  void bodiesThatAreNoJsonObject(String body) throws IOException {
    assertRefused(400, RawClient.ask(uri, keyed(CHAT, body)));
  }

  @Test
  void bombs() throws IOException {
    assertRefused(400, RawClient.ask(uri, keyed(CHAT, "[".repeat(500_000))));
    assertRefused(400, RawClient.ask(uri, keyed(CHAT, "{\"a\":".repeat(100_000))));
    assertRefused(400, RawClient.ask(uri, keyed(CHAT, "{\"seed\":" + "9".repeat(500_000) + "}")));
    assertRefused(400, RawClient.ask(uri, keyed(CHAT, "{\"" + "a".repeat(500_000) + "\":1}")));
    byte[] invalid = bytes(keyed(CHAT, "{\"a\":\"??\"}"));
    invalid[invalid.length - 4] = (byte) 0xff;
    try (RawClient client = new RawClient(uri)) {
      assertRefused(400, client.send(invalid).reply());
    }
  }

  @Test
  void theConnectionStaysAfterErrors() throws IOException {
    try (RawClient client = new RawClient(uri)) {
      client.send(RawClient.get("/nope") + RawClient.get("/health")); // pipelined
      assertRefused(404, client.reply());
      assertRefused(503, client.reply());
      client.send(RawClient.head("HEAD", "/health") + "\r\n");
      assertEquals(503, client.reply(false).status());
      client.send(RawClient.head("TRACE", "/health") + "\r\n");
      Reply trace = client.reply();
      assertRefused(405, trace);
      assertTrue(trace.has("Allow: GET, HEAD"), trace.head());
      client.send(keyed(CHAT, "no JSON"));
      assertRefused(400, client.reply());
      client.send("GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n");
      assertRefused(503, client.reply());
      assertEquals("", client.rest()); // HTTP/1.0 closes
    }
  }
}
