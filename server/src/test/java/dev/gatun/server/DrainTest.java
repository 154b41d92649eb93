// DrainTest: a stop waits until clients have their answers, to the last byte.
package dev.gatun.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A route of the test's own ends when the test wants it; it holds no place of the model's. */
@Timeout(60)
class DrainTest {
  private final HttpClient http = HttpClient.newHttpClient();
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch stopping = new CountDownLatch(1);

  private GatunServer start(Route route) {
    return GatunServer.start(
        ServerOptions.defaults().withPort(0),
        LogWriter.none(),
        routes -> routes.get("/answer", route));
  }

  private CompletableFuture<HttpResponse<String>> ask(GatunServer server) {
    HttpRequest request = HttpRequest.newBuilder(server.uri().resolve("/answer")).build();
    return http.sendAsync(request, BodyHandlers.ofString());
  }

  /** What is left to do when the server is already asked to stop. */
  private void waitForTheStop() {
    asked.countDown();
    try {
      stopping.await();
      Thread.sleep(200);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void stream(Call call) {
    call.whileClientStays();
    EventStream events = call.events();
    events.run(
        () -> {
          events.send(Json.object());
          waitForTheStop();
          events.done();
        },
        error -> {});
  }

  private void plain(Call call) throws IOException {
    waitForTheStop();
    call.answer(200, "all of it");
  }

  private String stopped(Route route, Duration grace) throws InterruptedException {
    CompletableFuture<HttpResponse<String>> answer;
    try (GatunServer server = start(route)) {
      answer = ask(server);
      asked.await();
      stopping.countDown();
      server.drain(grace);
    }
    return answer.join().body();
  }

  @Test
  void anAnswerIsWaitedFor() throws InterruptedException {
    assertEquals("all of it", stopped(this::plain, Duration.ofSeconds(30)));
  }

  @Test
  void aStreamIsWaitedForToItsEnd() throws InterruptedException {
    assertEquals("data: {}\n\ndata: [DONE]\n\n", stopped(this::stream, Duration.ofSeconds(30)));
  }

  @Test
  void aStreamThatIsCutIsNoWholeAnswer() {
    Route endless =
        call -> {
          call.whileClientStays();
          EventStream events = call.events();
          events.send(Json.object());
          asked.countDown();
          try {
            Thread.sleep(Duration.ofSeconds(50));
          } catch (InterruptedException e) {
            throw new UncheckedIOException(new IOException(e));
          }
        };
    CompletionException cut =
        assertThrows(CompletionException.class, () -> stopped(endless, Duration.ZERO));
    assertInstanceOf(IOException.class, cut.getCause());
  }
}
