// Crowd: clients that ask all at once, some of whom leave early; each answer is held against its
// text alone.
package dev.gatun.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.function.IntPredicate;

/** Greedy and seeded questions of many lengths, streamed and not. */
final class Crowd implements AutoCloseable {
  private static final int MOST_TOLD = 20;
  private static final List<String> WORDS =
      List.of(
          "the", "sky", "sea", "why", "count", "a", "river", "of", "seven", "birds", "and", "?");

  private final HttpClient http =
      HttpClient.newBuilder().executor(Executors.newVirtualThreadPerTaskExecutor()).build();
  private final URI chat;
  private final List<Question> questions = new ArrayList<>();
  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();

  /**
   * @param body without stream
   * @param alone its text where nobody else asks
   */
  private record Question(ObjectNode body, String alone) {}

  /**
   * What one client saw.
   *
   * @param answered questions
   * @param left before their ends
   * @param tokens that came, as pieces or in the usage
   */
  record Seen(int answered, int left, long tokens) {
    int questions() {
      return answered + left;
    }
  }

  /**
   * What came of it.
   *
   * @param seen by client
   * @param wrong answers that should not be, the first ones
   */
  record Report(List<Seen> seen, List<String> wrong) {}

  /** Asks each question alone first. */
  Crowd(URI server, int questions) throws IOException, InterruptedException {
    chat = server.resolve("/v1/chat/completions");
    SplittableRandom random = new SplittableRandom(13);
    for (int i = 0; i < questions; i++) {
      ObjectNode body = question(random, i);
      try (InputStream answer = asked(body, false)) {
        this.questions.add(new Question(body, text(Json.parse(answer.readAllBytes()))));
      }
    }
  }

  private static ObjectNode question(SplittableRandom random, int index) {
    StringBuilder words = new StringBuilder("Question " + index + ":");
    for (int i = random.nextInt(4, index % 8 == 0 ? 600 : 60); i > 0; i--) {
      words.append(' ').append(WORDS.get(random.nextInt(WORDS.size())));
    }
    ObjectNode body = Json.object();
    body.putArray("messages").addObject().put("role", "user").put("content", words.toString());
    body.put("max_tokens", random.nextInt(1, 64));
    body.put("temperature", index % 2 == 0 ? 0 : 0.9);
    return body.put("seed", index);
  }

  /**
   * Returns when all clients have gone.
   *
   * @param goesOn whether a client asks its question of this index, from 0
   */
  Report run(int clients, IntPredicate goesOn) throws InterruptedException {
    Seen[] seen = new Seen[clients];
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      int index = i;
      threads.add(Thread.ofVirtual().start(() -> seen[index] = ask(index, goesOn)));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    return new Report(List.of(seen), List.copyOf(wrong));
  }

  private Seen ask(int client, IntPredicate goesOn) {
    SplittableRandom random = new SplittableRandom(client);
    Seen seen = new Seen(0, 0, 0);
    for (int i = 0; goesOn.test(i); i++) {
      Question question = questions.get(random.nextInt(questions.size()));
      boolean streams = random.nextBoolean();
      // A third leaves: after a piece or some, of what does not stream before there is one.
      int pieces = random.nextInt(3) == 0 ? random.nextInt(8) : Integer.MAX_VALUE;
      try {
        seen = streams ? stream(question, pieces, seen) : whole(question, pieces, seen);
      } catch (IOException | ApiError | InterruptedException e) {
        complain(question, e.toString());
        seen = new Seen(seen.answered, seen.left + 1, seen.tokens);
      }
    }
    return seen;
  }

  private Seen whole(Question question, int pieces, Seen seen)
      throws IOException, InterruptedException {
    if (pieces < Integer.MAX_VALUE) {
      // The head comes with the answer: who leaves does so without waiting for that.
      try (RawClient client = new RawClient(chat)) {
        String body = new String(Json.bytes(question.body), StandardCharsets.UTF_8);
        client.send(RawClient.post(chat.getPath(), body));
        client.drop();
      }
      return new Seen(seen.answered, seen.left + 1, seen.tokens);
    }
    try (InputStream in = asked(question.body, false)) {
      JsonNode answer = Json.parse(in.readAllBytes());
      compare(question, text(answer));
      long tokens = answer.path("usage").path("completion_tokens").asLong();
      return new Seen(seen.answered + 1, seen.left, seen.tokens + tokens);
    }
  }

  private Seen stream(Question question, int pieces, Seen seen)
      throws IOException, InterruptedException {
    StringBuilder text = new StringBuilder();
    int came = 0;
    try (InputStream in = asked(question.body, true);
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.equals("data: [DONE]")) {
          compare(question, text.toString());
          return new Seen(seen.answered + 1, seen.left, seen.tokens + came);
        }
        if (!line.isEmpty()) {
          JsonNode event = Json.parse(line.substring(6).getBytes(StandardCharsets.UTF_8));
          text.append(event.path("choices").path(0).path("delta").path("content").asText(""));
          came++;
        }
        if (came > pieces) {
          return new Seen(seen.answered, seen.left + 1, seen.tokens + came);
        }
      }
    }
    complain(question, "a stream without its end after \"" + text + "\"");
    return seen;
  }

  private InputStream asked(ObjectNode question, boolean streams)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(chat)
            .header("Content-Type", "application/json")
            .POST(
                BodyPublishers.ofByteArray(Json.bytes(question.deepCopy().put("stream", streams))))
            .build();
    HttpResponse<InputStream> response = http.send(request, BodyHandlers.ofInputStream());
    if (response.statusCode() != 200) {
      throw new IOException(
          "status "
              + response.statusCode()
              + ": "
              + new String(response.body().readAllBytes(), StandardCharsets.UTF_8));
    }
    return response.body();
  }

  private static String text(JsonNode answer) {
    return answer.path("choices").path(0).path("message").path("content").asText();
  }

  private void compare(Question question, String text) {
    if (!text.equals(question.alone)) {
      complain(question, "\"" + text + "\" in place of \"" + question.alone + "\"");
    }
  }

  private void complain(Question question, String what) {
    if (wrong.size() < MOST_TOLD) {
      wrong.add(what + ", of " + question.body);
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
