// UnfinishedRequestsTest: heads and bodies that do not come are not waited for.
package dev.gatun.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.server.ServerOptions.Limits;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class UnfinishedRequestsTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String TYPE = "Content-Type: application/json";
  private static final Duration SOON = Duration.ofMillis(500);

  private static GatunServer server;
  private static URI uri;

  @BeforeAll
  static void start() {
    Limits limits = new Limits(2, 1 << 20, 64, SOON, SOON);
    server =
        GatunServer.start(
            ServerOptions.defaults().withPort(0).withLimits(limits), LogWriter.none());
    uri = server.uri();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /** With or without a word. */
  private static void assertEnded(RawClient client) throws IOException {
    String rest = client.rest();
    assertTrue(rest.isEmpty() || rest.startsWith("HTTP/1.1 400 "), rest);
  }

  @Test
  void headsThatDoNotCome() throws IOException {
    try (RawClient client = new RawClient(uri)) {
      assertEnded(client.send("GET /health HTTP/1.1\r\nX: "));
    }
    try (RawClient client = new RawClient(uri)) {
      assertEquals("", client.rest());
    }
    try (RawClient client = new RawClient(uri)) {
      assertEnded(client.send("GET /hea").endOutput());
    }
  }

  @Test
  void bodiesThatDoNotCome() throws IOException {
    try (RawClient client = new RawClient(uri)) {
      client.send(RawClient.head("POST", CHAT, TYPE, "Content-Length: 9") + "\r\n{");
      client.reply().assertRefused(408);
      assertEquals("", client.rest());
    }
    try (RawClient client = new RawClient(uri)) {
      client.send(RawClient.head("POST", CHAT, TYPE, "Content-Length: 9") + "\r\n{");
      client.endOutput().reply().assertRefused(400);
      assertEquals("", client.rest());
    }
    try (RawClient client = new RawClient(uri)) {
      client.send(RawClient.head("POST", CHAT, TYPE, "Transfer-Encoding: chunked") + "\r\nzz\r\n");
      client.reply().assertRefused(400);
      assertEquals("", client.rest());
    }
  }

  @Test
  void bodiesThatNobodyWants() throws IOException {
    try (RawClient client = new RawClient(uri)) {
      client.send(RawClient.head("POST", "/nope", TYPE, "Content-Length: 9") + "\r\n{");
      RawClient.Reply reply = client.reply();
      reply.assertRefused(404);
      assertTrue(reply.has("Connection: close"), reply.head());
      assertEquals("", client.rest());
    }
    try (RawClient client = new RawClient(uri)) {
      client.send(RawClient.post("/nope", "{}"));
      client.reply().assertRefused(404);
      client.send(RawClient.get("/health"));
      client.reply().assertRefused(503);
    }
  }
}
