// ChatCompletionsTest: OpenAI's chat completions over HTTP, with the demo model.
package dev.gatun.server.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.server.DemoServer;
import dev.gatun.server.DemoServer.Event;
import dev.gatun.server.DemoServer.Reply;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ChatCompletionsTest {
  private static final String PATH = "/v1/chat/completions";
  private static DemoServer server;

  @BeforeAll
  static void open() {
    server = new DemoServer();
  }

  @AfterAll
  static void close() {
    server.close();
  }

  private static String sky(String more) {
    return "{'messages': [{'role': 'user', 'content': 'Why is the sky blue?'}]" + more + "}";
  }

  @Test
  void anAnswerHasOpenAisShape() {
    JsonNode answer =
        server.ok(PATH, sky(", 'max_tokens': 4, 'temperature': 0, 'service_tier': 'auto'"));
    assertEquals("chat.completion", answer.get("object").textValue());
    assertEquals("default", answer.get("service_tier").textValue());
    assertTrue(answer.get("system_fingerprint").textValue().startsWith("fp_"));
    JsonNode choice = answer.get("choices").get(0);
    assertEquals("length", choice.get("finish_reason").textValue());
    assertEquals("assistant", choice.get("message").get("role").textValue());
    assertTrue(choice.get("logprobs").isNull());
    assertEquals(4, answer.get("usage").get("completion_tokens").intValue());
  }

  @Test
  void choicesOfASeedAreTheSameEachTimeAndDiffer() {
    String asked = sky(", 'n': 2, 'seed': 5, 'temperature': 2, 'max_tokens': 8");
    JsonNode first = server.ok(PATH, asked).get("choices");
    assertEquals(first, server.ok(PATH, asked).get("choices"));
    assertNotEquals(first.get(0).get("message"), first.get(1).get("message"));
  }

  @Test
  void eachTokenHasItsLogProbability() {
    String asked = ", 'max_tokens': 3, 'temperature': 0, 'logprobs': true, 'top_logprobs': 2";
    JsonNode choice = server.ok(PATH, sky(asked)).get("choices").get(0);
    JsonNode tokens = choice.get("logprobs").get("content");
    assertEquals(3, tokens.size());
    StringBuilder text = new StringBuilder();
    for (JsonNode token : tokens) {
      assertEquals(2, token.get("top_logprobs").size());
      assertEquals(token.get("logprob"), token.get("top_logprobs").get(0).get("logprob"));
      token.get("bytes").forEach(each -> text.append((char) each.intValue()));
    }
    assertEquals(choice.get("message").get("content").textValue(), text.toString());
  }

  @Test
  void aStreamSaysWhatTheWholeAnswerSays() {
    String asked = ", 'max_tokens': 5, 'temperature': 0";
    JsonNode whole = server.ok(PATH, sky(asked)).get("choices").get(0);
    List<Event> events =
        server.events(
            PATH, sky(asked + ", 'stream': true, 'stream_options': {'include_usage': true}"));
    assertEquals("[DONE]", events.getLast().data());
    StringBuilder text = new StringBuilder();
    for (Event event : events.subList(0, events.size() - 2)) {
      text.append(event.json().get("choices").get(0).get("delta").path("content").asText(""));
    }
    assertEquals(whole.get("message").get("content").textValue(), text.toString());
    assertEquals(
        5, events.get(events.size() - 2).json().get("usage").get("completion_tokens").intValue());
  }

  @Test
  void whatIsNotHonouredIsRefusedByName() {
    refused(sky(", 'temprature': 1"), "temprature is not an option");
    refused(sky(", 'service_tier': 'priority'"), "service_tier is none of auto, default");
    refused(sky(", 'reasoning_effort': 'huge'"), "reasoning_effort is none of none, minimal");
    refused(sky(", 'reasoning_format': 'x'"), "reasoning_format is none of");
    refused(sky(", 'max_tokens': 1, 'max_completion_tokens': 2"), "differ");
    refused(sky(", 'top_logprobs': 1"), "top_logprobs needs logprobs");
    refused(sky(", 'store': true"), "store is not supported");
    refused("{'messages': [{'role': 'assistant'}]}", "messages[0].content is missing");
    refused(sky(", 'stop': ['a', 1]"), "stop holds what is no text");
    refused(sky(", 'response_format': {'type': 'xml'}"), "response_format.type is none of text,");
    refused(sky(", 'response_format': {'type': 'json_schema'}"), "json_schema is missing");
    refused(
        sky(", 'grammar': 'root ::= 1', 'response_format': {'type': 'json_object'}"),
        "response_format and grammar each say the answer's form");
  }

  private static void refused(String body, String part) {
    Reply reply = server.post(PATH, body);
    assertEquals(400, reply.status(), reply.text());
    assertTrue(reply.json().get("error").get("message").textValue().contains(part), reply.text());
  }
}
