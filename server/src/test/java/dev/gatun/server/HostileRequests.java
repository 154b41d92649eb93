// HostileRequests: requests that are almost right, as many and as different as wanted.
package dev.gatun.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;

/** The same seed gives the same requests. For one thread. */
final class HostileRequests {
  private static final String CHAT = "/v1/chat/completions";
  private static final List<String> BODIES =
      List.of(CHAT, "/v1/completions", "/v1/responses", "/v1/messages", "/tokenize", "/detokenize");
  private static final List<String> OTHERS =
      List.of("/v1/models", "/slots", "/metrics", "/health", "/openapi.json", "/", "/nope", "*");
  private static final List<String> METHODS =
      List.of("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "get", "G ET");
  private static final List<String> HEADERS =
      List.of(
          "Host: evil.example",
          "Content-Length: 7",
          "Content-Length: 99999999999999999999",
          "Content-Length: -1",
          "Transfer-Encoding: chunked",
          "Transfer-Encoding: gzip, chunked",
          "Content-Encoding: gzip",
          "Content-Type: text/plain",
          "Content-Type: application/json; charset=utf-7",
          "Expect: 100-continue",
          "Expect: nothing",
          "Connection: Upgrade\r\nUpgrade: h2c",
          "Authorization: Bearer \u00ff",
          "Accept: nothing/at-all",
          "Origin: null",
          "Range: bytes=0-1",
          " folded: line",
          "No colon",
          "X:" + "y".repeat(9000),
          "X:" + "y".repeat(17_000));

  /** Written as they stand, since no JSON library would. */
  private static final List<String> VALUES =
      List.of(
          "null",
          "true",
          "-1",
          "0",
          "0.5",
          "1e999",
          "-1e-999",
          "9".repeat(400),
          "9".repeat(2000),
          "NaN",
          "\"\"",
          "\"*\"",
          "\"\\u0000\"",
          "\"\\ud800\"",
          "\"" + "a".repeat(20_000) + "\"",
          "\"(a|b)*a(a|b){25}\"",
          "[]",
          "{}",
          "[[[]]]",
          "[".repeat(150) + "]".repeat(150),
          "[".repeat(5000),
          "{\"$ref\":\"#\"}",
          "{\"not\":{\"type\":\"wrong\",\"pattern\":\"((((((((((((\"}}",
          "{\"a\":".repeat(190) + "1" + "}".repeat(190),
          "[" + "0,".repeat(5000) + "0]",
          "{\"a\":1,\"a\":2}",
          "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\",\"schema\":{\"maxLength\":1e8}}}",
          "{\"999999999\":1e308}");

  private static final String MARK = "\"@value@\"";

  private final SplittableRandom random;
  private final String content;

  /**
   * A request's bytes.
   *
   * @param whole whether they are one request in HTTP, so that the connection may go on
   */
  record Hostile(byte[] bytes, boolean whole, boolean head) {}

  /**
   * @param content of the messages: longer than the context, requests are refused once all of their
   *     fields are read, and cost no answer
   */
  HostileRequests(long seed, String content) {
    random = new SplittableRandom(seed);
    this.content = content;
  }

  Hostile next() {
    int kind = random.nextInt(10);
    if (kind < 6) {
      return new Hostile(bytes(post()), true, false);
    }
    if (kind < 7) {
      byte[] request = bytes(RawClient.post(path(), one(VALUES)));
      return new Hostile(request, true, false);
    }
    return raw();
  }

  /** A body of JSON with a value that does not belong there. */
  private String post() {
    ObjectNode body = body();
    for (int i = random.nextInt(3); i >= 0; i--) {
      change(body);
    }
    String json = new String(Json.bytes(body), StandardCharsets.UTF_8);
    while (json.contains(MARK)) {
      json = json.replaceFirst(MARK, Matcher.quoteReplacement(one(VALUES)));
    }
    return RawClient.post(path(), json);
  }

  private ObjectNode body() {
    ObjectNode body = Json.object();
    ArrayNode messages = body.putArray("messages");
    messages.addObject().put("role", "system").put("content", "Be kind.");
    messages.addObject().put("role", "user").put("content", content);
    for (String field :
        List.of("temperature", "top_p", "min_p", "presence_penalty", "frequency_penalty")) {
      maybe(body, field, "0.5");
    }
    for (String field : List.of("max_tokens", "max_completion_tokens", "n", "seed", "top_k")) {
      maybe(body, field, "1");
    }
    maybe(body, "stop", "[\"x\"]");
    maybe(body, "stream", "true");
    maybe(body, "logprobs", "true");
    maybe(body, "prompt", "\"x\"");
    maybe(body, "logit_bias", "{\"5\":1}");
    maybe(body, "response_format", "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\"}}");
    maybe(body, "chat_template_kwargs", "{\"enable_thinking\":false}");
    maybe(body, "tool_choice", "{\"type\":\"function\",\"function\":{\"name\":\"f\"}}");
    maybe(
        body, "tools", "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{}}}]");
    return body;
  }

  private void maybe(ObjectNode body, String field, String json) {
    if (random.nextInt(4) == 0) {
      body.set(field, Json.parse(bytes(json)));
    }
  }

  /** Puts the mark, or nothing, where some value was. */
  private void change(JsonNode root) {
    JsonNode at = root;
    while (true) {
      List<JsonNode> inner = new ArrayList<>();
      at.forEach(each -> inner.add(each.isContainerNode() && !each.isEmpty() ? each : null));
      inner.removeIf(each -> each == null);
      if (inner.isEmpty() || random.nextInt(3) == 0) {
        break;
      }
      at = inner.get(random.nextInt(inner.size()));
    }
    String mark = MARK.substring(1, MARK.length() - 1);
    if (at instanceof ObjectNode object) {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      names.add("unknown");
      String name = one(names);
      if (random.nextInt(6) == 0) {
        object.remove(name);
      } else {
        object.put(name, mark);
      }
    } else if (at instanceof ArrayNode array) {
      array.set(random.nextInt(array.size()), mark);
    }
  }

  /** Heads and bytes that are no HTTP, or hardly. */
  private Hostile raw() {
    String method = random.nextBoolean() ? "POST" : one(METHODS);
    String path = random.nextBoolean() ? path() : one(OTHERS);
    StringBuilder head = new StringBuilder(RawClient.head(method, path));
    for (int i = random.nextInt(3); i > 0; i--) {
      head.append(one(HEADERS)).append("\r\n");
    }
    String body = random.nextBoolean() ? "{}" : one(VALUES);
    head.append("\r\n").append(body);
    byte[] bytes = head.toString().getBytes(StandardCharsets.ISO_8859_1);
    for (int i = random.nextInt(4); i > 0; i--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    if (random.nextInt(4) == 0) {
      bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
    }
    return new Hostile(
        bytes, false, new String(bytes, StandardCharsets.ISO_8859_1).startsWith("HEAD"));
  }

  private String path() {
    return random.nextBoolean() ? CHAT : one(BODIES);
  }

  private <T> T one(List<T> all) {
    return all.get(random.nextInt(all.size()));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
