// EventsTest: the Flight Recorder and the metrics say of a request and its steps what they were.
package dev.gatun.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.Gatun;
import dev.gatun.GatunOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class EventsTest {
  private static final String ASKED =
      "{\"messages\":[{\"role\":\"user\",\"content\":\"secret\"}],\"max_tokens\":5,\"n\":2,"
          + "\"temperature\":0,\"seed\":1,\"stream\":true}";

  @TempDir Path folder;

  @Test
  void aRequestLeavesItsFigures() throws IOException {
    Path file = folder.resolve("events.jfr");
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    String metrics;
    try (Gatun model = Gatun.open(Gatun.DEMO, GatunOptions.defaults().withContext(512));
        Recording recording = new Recording()) {
      recording.enable("dev.gatun.Request");
      recording.enable("dev.gatun.Step");
      recording.start();
      metrics = ask(model, log);
      recording.stop();
      recording.dump(file);
    }
    assertMetrics(metrics);
    assertLine(log.toString(StandardCharsets.UTF_8).lines().findFirst().orElseThrow());
    assertTrue(Files.size(file) > 0);
    List<RecordedEvent> events = RecordingFile.readAllEvents(file);
    RecordedEvent request =
        named(events, "dev.gatun.Request").stream()
            .filter(event -> event.getString("path").equals("/v1/chat/completions"))
            .findFirst()
            .orElseThrow();
    assertEquals(200, request.getInt("status"));
    assertEquals(10, request.getInt("drawnTokens"));
    assertEquals(31, request.getInt("promptTokens"));
    List<RecordedEvent> steps = named(events, "dev.gatun.Step");
    // Two prompts of 31 tokens, which share none; each answer's first token is a prompt's draw.
    assertEquals(62, steps.stream().mapToInt(step -> step.getInt("promptTokens")).sum());
    assertEquals(8, steps.stream().mapToInt(step -> step.getInt("answers")).sum());
  }

  private static String ask(Gatun model, ByteArrayOutputStream log) throws IOException {
    try (LogWriter writer = new LogWriter(log, _ -> {});
        GatunServer server = GatunServer.start(ServerOptions.defaults().withPort(0), writer)) {
      server.serve(model);
      try (RawClient client = new RawClient(server.uri())) {
        String events = client.send(RawClient.post("/v1/chat/completions", ASKED)).rest();
        assertTrue(events.contains("data: [DONE]"), events);
      }
      return RawClient.askUntil(
          server.uri(), "/metrics", text -> text.contains("e2e_request_latency_seconds_count 1"));
    }
  }

  private static void assertMetrics(String text) {
    for (String line :
        List.of(
            "vllm:num_requests_running 0.0",
            "vllm:num_requests_waiting 0.0",
            "vllm:prompt_tokens_total 31.0",
            "vllm:generation_tokens_total 10.0",
            "vllm:prefix_cache_queries_total 31.0",
            "vllm:time_to_first_token_seconds_count 1",
            "vllm:request_success_total{finished_reason=\"length\"} 2.0",
            "llamacpp:tokens_predicted_total 10.0",
            "gatun:tokens_total{kind=\"answer\"} 10.0",
            "gatun:model_loaded 1.0",
            "gatun:log_lines_dropped_total 0.0")) {
      assertTrue(text.contains("\n" + line + "\n"), line + " in " + text);
    }
    assertTrue(text.contains("vllm:inter_token_latency_seconds_count "), text);
  }

  private static void assertLine(String line) {
    for (String part :
        List.of(
            "\"client\":\"127.0.0.1\"",
            "\"path\":\"/v1/chat/completions\"",
            "\"status\":200",
            "\"model\":\"SmolLM2",
            "\"stream\":true",
            "\"prompt_tokens\":31",
            "\"answer_tokens\":10",
            "\"finish\":\"limit\"")) {
      assertTrue(line.contains(part), line);
    }
    assertTrue(line.matches("\\{\"time\":\"\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z\".*"), line);
    assertTrue(!line.contains("secret"), line);
  }

  private static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
    return events.stream().filter(event -> event.getEventType().getName().equals(name)).toList();
  }
}
