// Writes one streamed chat completion, chunk by chunk, as a test's script says.
package dev.gatun.server.page;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Server-sent events in the form of OpenAI's API, with llama.cpp's reasoning_content and timings.
 */
final class StreamedAnswer {
  interface Script {
    void write(StreamedAnswer out) throws IOException, InterruptedException;
  }

  private static final ObjectMapper JSON = new ObjectMapper();
  private final OutputStream out;

  private StreamedAnswer(OutputStream out) {
    this.out = out;
  }

  static void send(HttpExchange exchange, Script script) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    try {
      var answer = new StreamedAnswer(exchange.getResponseBody());
      answer.delta(Map.of("role", "assistant", "content", ""));
      script.write(answer);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Bytes as they are, so that a test can cut an event or write a comment. */
  StreamedAnswer raw(String bytes) {
    try {
      out.write(bytes.getBytes(StandardCharsets.UTF_8));
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  StreamedAnswer text(String... pieces) {
    for (String piece : pieces) {
      delta(Map.of("content", piece));
    }
    return this;
  }

  StreamedAnswer thinking(String... pieces) {
    for (String piece : pieces) {
      delta(Map.of("reasoning_content", piece));
    }
    return this;
  }

  /** A call of a tool, its arguments in two pieces. */
  StreamedAnswer call(int index, String name, String arguments) {
    int half = arguments.length() / 2;
    var first = Map.of("name", name, "arguments", arguments.substring(0, half));
    delta(
        Map.of(
            "tool_calls",
            List.of(
                Map.of(
                    "index", index, "id", "call_" + name, "type", "function", "function", first))));
    var rest = Map.of("arguments", arguments.substring(half));
    return delta(Map.of("tool_calls", List.of(Map.of("index", index, "function", rest))));
  }

  /**
   * Waits for the test. Bounded, so that a test that fails does not leave the server's thread
   * behind.
   */
  StreamedAnswer await(CountDownLatch gate) throws InterruptedException {
    if (!gate.await(60, TimeUnit.SECONDS)) {
      throw new IllegalStateException("the test did not open the gate");
    }
    return this;
  }

  /** Writes until the client has gone, then opens the gate. */
  void untilLeft(CountDownLatch left) {
    try {
      while (true) {
        raw(": still here\n\n");
      }
    } catch (UncheckedIOException gone) {
      left.countDown();
    }
  }

  void end(String reason) {
    chunk(
        Map.of("choices", List.of(Map.of("index", 0, "delta", Map.of(), "finish_reason", reason))));
    var usage =
        Map.of(
            "prompt_tokens",
            1024,
            "completion_tokens",
            512,
            "prompt_tokens_details",
            Map.of("cached_tokens", 900),
            "completion_tokens_details",
            Map.of("reasoning_tokens", 300));
    var timings =
        Map.of(
            "cache_n",
            900,
            "prompt_n",
            124,
            "prompt_ms",
            80.5,
            "predicted_n",
            512,
            "predicted_ms",
            16410.2);
    chunk(Map.of("choices", List.of(), "usage", usage, "timings", timings));
    raw("data: [DONE]\n\n");
  }

  StreamedAnswer delta(Map<String, ?> delta) {
    return chunk(Map.of("choices", List.of(Map.of("index", 0, "delta", delta))));
  }

  private StreamedAnswer chunk(Map<String, ?> chunk) {
    try {
      return raw("data: " + JSON.writeValueAsString(chunk) + "\n\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
