// LeavingTest: clients that leave in the queue, in the prompt, in the stream, with several answers.
package dev.gatun.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.Gatun;
import dev.gatun.GatunOptions;
import dev.gatun.server.ServerOptions.Limits;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One answer a step, so that others wait; room for five. */
@Timeout(180)
class LeavingTest {
  private static final String CHAT = "/v1/chat/completions";

  private static Gatun model;
  private static GatunServer server;
  private static URI uri;

  @BeforeAll
  static void start() {
    model = Gatun.open(Gatun.DEMO, GatunOptions.defaults().withContext(8192));
    Limits all = Limits.defaults();
    Limits limits = new Limits(5, all.bodyBytes(), 64, all.receiving(), all.stalled());
    server =
        GatunServer.start(
            ServerOptions.defaults().withPort(0).withLimits(limits), LogWriter.none());
    server.serve(model);
    uri = server.uri();
  }

  @AfterAll
  static void stop() {
    model.close();
    server.close();
  }

  private static RawClient asking(String content, String more) throws IOException {
    String body =
        "{\"messages\":[{\"role\":\"user\",\"content\":\""
            + content
            + "\"}],\"ignore_eos\":true,"
            + more
            + "}";
    return new RawClient(uri).send(RawClient.post(CHAT, body));
  }

  private static String slots(int count) throws IOException {
    return RawClient.askUntil(
        uri, "/slots", text -> Json.parse(text.getBytes(StandardCharsets.UTF_8)).size() == count);
  }

  @Test
  void inTheStreamAndInTheQueue() throws IOException {
    try (RawClient first = asking("Count.", "\"stream\":true")) {
      first.until("content");
      assertTrue(slots(1).contains("\"state\":\"answer\""));
      try (RawClient _ = asking("Wait.", "\"max_tokens\":1")) {
        slots(2);
      }
      assertTrue(slots(1).contains("\"state\":\"answer\"")); // who is left is the first
    }
    assertEquals("[]", slots(0));
  }

  @Test
  void inThePrompt() throws IOException {
    try (RawClient _ = asking("long ".repeat(7000), "\"max_tokens\":1")) {
      assertTrue(slots(1).contains("\"state\":\"prompt\""));
    }
    assertEquals("[]", slots(0));
  }

  @Test
  void withSeveralAnswers() throws IOException {
    try (RawClient client = asking("Count.", "\"stream\":true,\"n\":4")) {
      client.until("content");
    }
    assertEquals("[]", slots(0));
    // Their places are free again.
    try (RawClient client = asking("Count.", "\"n\":5,\"max_tokens\":1")) {
      assertEquals(200, client.reply().status());
    }
  }

  @Test
  void whoFindsTheQueueFullIsTold() throws IOException {
    try (RawClient client = asking("Count.", "\"stream\":true,\"n\":5")) {
      client.until("content");
      RawClient.Reply reply = asking("No.", "\"max_tokens\":1").reply();
      reply.assertRefused(503);
      assertTrue(reply.has("Retry-After: 1"), reply.head());
    }
    assertEquals("[]", slots(0));
  }
}
