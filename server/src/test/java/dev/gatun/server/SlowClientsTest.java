// SlowClientsTest: who does not take its answer, or left, holds nothing for long.
package dev.gatun.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.server.ServerOptions.Limits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Routes of the tests' own stand for answers, so that these end when a test wants it. */
@Timeout(60)
class SlowClientsTest {
  private static final Duration SOON = Duration.ofMillis(500);
  private static final Limits LIMITS = new Limits(8, 1 << 20, 2, SOON, SOON);

  private final BlockingQueue<String> ends = new LinkedBlockingQueue<>();

  private GatunServer start(String path, Route route) {
    return GatunServer.start(
        ServerOptions.defaults().withPort(0).withLimits(LIMITS),
        LogWriter.none(),
        routes -> routes.get(path, route));
  }

  /** Streams until it cannot. */
  private void stream(Call call) throws IOException {
    EventStream events = call.events();
    try {
      while (true) {
        events.send(Json.object().put("text", "x".repeat(1000)));
      }
    } catch (UncheckedIOException e) {
      ends.add("cut");
      throw e;
    }
  }

  @Test
  void aStreamThatIsNotReadIsCut() throws IOException, InterruptedException {
    try (GatunServer server = start("/stream", this::stream);
        RawClient client = new RawClient(server.uri())) {
      client.send(RawClient.get("/stream"));
      assertEquals("cut", ends.take());
    }
  }

  @Test
  void aStreamThatIsReadTooSlowlyIsCut() throws IOException, InterruptedException {
    try (GatunServer server = start("/stream", this::stream);
        Socket socket = new Socket(server.uri().getHost(), server.uri().getPort())) {
      socket.getOutputStream().write(RawClient.get("/stream").getBytes(StandardCharsets.UTF_8));
      // A byte now and then: each one starts Jetty's own timeout anew.
      while (ends.peek() == null) {
        socket.getInputStream().readNBytes(1);
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void anAnswerThatTakesLongIsNotCut() throws IOException, InterruptedException {
    CountDownLatch later = new CountDownLatch(1);
    Route slow =
        call -> {
          call.whileClientStays(); // where that is cancelled, there is no answer
          try {
            later.await();
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
          call.answer(200, Json.object());
        };
    try (GatunServer server = start("/slow", slow);
        RawClient client = new RawClient(server.uri())) {
      client.send(RawClient.get("/slow"));
      try (RawClient silent = new RawClient(server.uri())) {
        assertEquals("", silent.rest()); // whose time ends after that of the first would have
      }
      try (RawClient silent = new RawClient(server.uri())) {
        assertEquals("", silent.rest());
      }
      later.countDown();
      assertEquals(200, client.reply().status());
    }
  }

  @Test
  void whoStaysIsToldWhereTheAnswersEndEarly() throws IOException {
    Route fails =
        call -> {
          call.whileClientStays().cancel(); // as where one of several answers has failed
          throw ApiError.unavailable("the cache is full");
        };
    try (GatunServer server = start("/fails", fails)) {
      RawClient.ask(server.uri(), RawClient.get("/fails")).assertRefused(503);
    }
  }

  @Test
  void whoLeavesIsNoticedWithoutAWrite() throws IOException, InterruptedException {
    CountDownLatch began = new CountDownLatch(1);
    CountDownLatch left = new CountDownLatch(1);
    Route waits =
        call -> {
          call.whileClientStays().onCancel(left::countDown);
          began.countDown();
          try {
            left.await();
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
          call.answer(200, Json.object());
        };
    try (GatunServer server = start("/waits", waits)) {
      try (RawClient client = new RawClient(server.uri())) {
        client.send(RawClient.get("/waits"));
        began.await();
      }
      left.await();
      String metrics =
          RawClient.askUntil(
              server.uri(), "/metrics", text -> text.contains("status=\"499\"} 1.0"));
      assertTrue(metrics.contains("gatun:requests_total"), metrics);
    }
  }

  @Test
  void longRequestsLeaveProcessorsToOthers() throws IOException, InterruptedException {
    int processors = Runtime.getRuntime().availableProcessors();
    CountDownLatch all = new CountDownLatch(2 * processors);
    AtomicBoolean over = new AtomicBoolean();
    Route busy =
        call -> {
          all.countDown();
          while (!over.get()) {
            Thread.onSpinWait(); // as the tokenizer would
          }
          call.answer(200, Json.object());
        };
    Limits limits = new Limits(8, 4 << 20, 1024, Duration.ofMinutes(1), Duration.ofMinutes(1));
    try (GatunServer server =
        GatunServer.start(
            ServerOptions.defaults().withPort(0).withLimits(limits),
            LogWriter.none(),
            routes -> routes.post("/busy", busy))) {
      String head = RawClient.head("POST", "/busy", "Content-Length: " + (2 << 20)) + "\r\n";
      List<RawClient> clients = new ArrayList<>();
      for (long i = all.getCount(); i > 0; i--) {
        clients.add(new RawClient(server.uri()).send(head));
      }
      all.await();
      assertEquals(503, RawClient.ask(server.uri(), RawClient.get("/health")).status());
      over.set(true);
      for (RawClient client : clients) {
        client.close();
      }
    }
  }

  @Test
  void aRequestBehindTheLastOneIsNotRun() throws IOException {
    Route last =
        call -> {
          ends.add("ran");
          call.whileClientStays();
          call.answer(200, Json.object());
        };
    try (GatunServer server = start("/last", last);
        RawClient client = new RawClient(server.uri())) {
      client.send(RawClient.get("/last") + RawClient.get("/last"));
      RawClient.Reply reply = client.reply();
      assertTrue(reply.has("Connection: close"), reply.head());
      assertEquals("", client.rest());
      assertEquals(1, ends.size());
    }
  }

  @Test
  void moreConnectionsThanAllowedWait() throws IOException {
    try (GatunServer server = start("/none", call -> {})) {
      URI uri = server.uri();
      try (RawClient third = connectedThird(uri)) {
        // The first two end, silent too long; then there is room.
        assertEquals(503, third.send(RawClient.get("/health")).reply().status());
      }
    }
  }

  private static RawClient connectedThird(URI uri) throws IOException {
    try (RawClient first = new RawClient(uri);
        RawClient second = new RawClient(uri)) {
      RawClient third = new RawClient(uri);
      assertEquals("", first.rest());
      assertEquals("", second.rest());
      return third;
    }
  }
}
