// ServeTest: the server as a process: how it is stopped, and what then becomes of its requests.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** With the demo model, on the CPU. */
@Timeout(300)
class ServeTest {
  private final HttpClient http = HttpClient.newHttpClient();
  private Process process;
  private BufferedReader err;
  private URI server;

  @AfterEach
  void end() {
    process.destroyForcibly();
    http.shutdownNow();
  }

  private void serve(String... options) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + "/bin/java");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-Dgatun.library=" + System.getProperty("gatun.library"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of("dev.gatun.cli.Main", "serve", "--demo", "-c", "8192", "--port", "0"));
    command.addAll(List.of(options));
    process = new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    err =
        new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8));
    String ready = line(text -> text.contains(" is ready at "));
    server = URI.create(ready.replaceAll(".* is ready at (http://[^ ,]+).*", "$1"));
  }

  /** By SIGTERM; the process's own method would close what it says as well. */
  private void terminate() {
    process.toHandle().destroy();
  }

  /** The next line on standard error like this. */
  private String line(Predicate<String> like) throws IOException {
    StringBuilder all = new StringBuilder();
    for (String line = err.readLine(); line != null; line = err.readLine()) {
      if (like.test(line)) {
        return line;
      }
      all.append(line).append('\n');
    }
    throw new AssertionError("it ended: " + all);
  }

  /** The events of a greedy answer, as they come. */
  private Iterator<String> stream(int tokens) throws IOException, InterruptedException {
    String body =
        "{\"messages\":[{\"role\":\"user\",\"content\":\"Count.\"}],\"temperature\":0,"
            + "\"ignore_eos\":true,\"stream\":true,\"max_tokens\":"
            + tokens
            + "}";
    HttpRequest request =
        HttpRequest.newBuilder(server.resolve("/v1/chat/completions"))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body))
            .build();
    Iterator<String> events =
        http.send(request, BodyHandlers.ofLines())
            .body()
            .filter(line -> !line.isEmpty())
            .iterator();
    assertTrue(events.next().contains("assistant"));
    return events;
  }

  private static String rest(Iterator<String> events) {
    Iterable<String> all = () -> events;
    return StreamSupport.stream(all.spliterator(), false).collect(Collectors.joining("\n"));
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return http.send(HttpRequest.newBuilder(server.resolve(path)).build(), BodyHandlers.ofString());
  }

  @Test
  void aStopWaitsForAnswers() throws IOException, InterruptedException {
    serve("--shutdown-timeout", "120");
    assertEquals(200, get("/v1/models").statusCode());
    Iterator<String> events = stream(200);
    terminate();
    line(text -> text.contains("stopping"));
    // Who has a connection is told, until that is closed; who has none finds no server.
    assertThrows(
        IOException.class,
        () -> {
          while (true) {
            HttpResponse<String> late = get("/v1/models");
            if (late.statusCode() == 503) {
              assertTrue(late.body().contains("the server is stopping"), late.body());
            }
          }
        });
    String rest = rest(events);
    assertTrue(rest.endsWith("data: [DONE]"), rest);
    assertEquals(0, process.waitFor());
  }

  @Test
  void answersThatTakeTooLongEndWithAnError() throws IOException, InterruptedException {
    serve("--shutdown-timeout", "0");
    Iterator<String> events = stream(4000);
    terminate();
    String rest = rest(events);
    String last = rest.substring(rest.lastIndexOf("data: "));
    assertTrue(last.contains("\"error\"") && last.contains("the server is stopping"), last);
    assertFalse(rest.contains("[DONE]"), last);
    assertEquals(0, process.waitFor());
  }

  @Test
  void theSecondSignalEndsAtOnce() throws IOException, InterruptedException {
    serve("--shutdown-timeout", "3000");
    Iterator<String> events = stream(8000);
    terminate();
    line(text -> text.contains("stopping"));
    terminate();
    assertEquals(130, process.waitFor());
    assertThrows(UncheckedIOException.class, () -> rest(events));
  }

  @Test
  void psListsWhoIsAnswered() throws IOException, InterruptedException {
    serve("--api-key", "k");
    String url = server.toString();
    Cli cli = Cli.piped("");
    String refused = cli.run("ps", "--url", url).refused(1);
    assertTrue(refused.contains("API key"), refused);
    String idle = cli.run("ps", "--url", url, "--api-key", "k").succeeded();
    assertTrue(idle.startsWith("id"), idle);
    assertTrue(
        cli.run("ps", "--url", "http://127.0.0.1:9").refused(1).contains("nobody answers there"));
    terminate();
    assertEquals(0, process.waitFor());
  }
}
