// MessagesTest: Anthropic's interface over HTTP, with the demo model.
package dev.gatun.server.anthropic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.server.DemoServer;
import dev.gatun.server.DemoServer.Event;
import dev.gatun.server.DemoServer.Reply;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class MessagesTest {
  private static final String PATH = "/v1/messages";
  private static final String SKY =
      "{'system': 'Be brief.', 'messages': [{'role': 'user', 'content': 'Why is the sky"
          + " blue?'}]%s}";
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
    return SKY.replace("%s", more);
  }

  @Test
  void anAnswerHasItsBlocksAndUsage() {
    JsonNode answer = server.ok(PATH, sky(", 'max_tokens': 6, 'temperature': 0"));
    assertEquals("message", answer.get("type").textValue());
    assertEquals("assistant", answer.get("role").textValue());
    assertEquals("text", answer.get("content").get(0).get("type").textValue());
    assertEquals("max_tokens", answer.get("stop_reason").textValue());
    assertTrue(answer.get("stop_sequence").isNull());
    JsonNode usage = answer.get("usage");
    int counted = server.ok(PATH + "/count_tokens", sky("")).get("input_tokens").intValue();
    assertEquals(
        counted,
        usage.get("input_tokens").intValue() + usage.get("cache_read_input_tokens").intValue());
    assertEquals(6, usage.get("output_tokens").intValue());
  }

  @Test
  void systemAndTextMayBeBlocks() {
    String blocks =
        "{'system': [{'type': 'text', 'text': 'Be brief.', 'cache_control': {'type':"
            + " 'ephemeral'}}],'messages': [{'role': 'user', 'content': [{'type': 'text', 'text':"
            + " 'Why is the '},{'type': 'text', 'text': 'sky blue?'}]}]}";
    assertEquals(
        server.ok(PATH + "/count_tokens", sky("")), server.ok(PATH + "/count_tokens", blocks));
  }

  @Test
  void aStreamTellsWhatTheWholeAnswerSays() {
    String asked = ", 'max_tokens': 6, 'temperature': 0";
    String whole = server.ok(PATH, sky(asked)).get("content").get(0).get("text").textValue();
    List<Event> events = server.events(PATH, sky(asked + ", 'stream': true"));
    List<String> names = events.stream().map(Event::name).toList();
    assertEquals(List.of("message_start", "content_block_start"), names.subList(0, 2));
    int end = names.size();
    assertEquals(
        List.of("content_block_stop", "message_delta", "message_stop"),
        names.subList(end - 3, end));
    StringBuilder text = new StringBuilder();
    for (Event event : events) {
      assertEquals(event.name(), event.json().get("type").textValue());
      text.append(event.json().path("delta").path("text").asText(""));
    }
    assertEquals(whole, text.toString());
    JsonNode last = events.get(end - 2).json();
    assertEquals("max_tokens", last.get("delta").get("stop_reason").textValue());
    assertEquals(6, last.get("usage").get("output_tokens").intValue());
  }

  @Test
  void aStopSequenceIsTold() {
    String asked = ", 'max_tokens': 40, 'temperature': 0";
    String whole = server.ok(PATH, sky(asked)).get("content").get(0).get("text").textValue();
    String word = whole.split(" ")[3];
    JsonNode answer =
        server.ok(PATH, sky(asked + ", 'stop_sequences': ['no such', '" + word + "']"));
    assertEquals("stop_sequence", answer.get("stop_reason").textValue());
    assertEquals(word, answer.get("stop_sequence").textValue());
    assertEquals(
        whole.substring(0, whole.indexOf(word)),
        answer.get("content").get(0).get("text").textValue());
  }

  @Test
  void errorsHaveAnthropicsForm() {
    error(400, "invalid_request_error", sky(""), "max_tokens is missing");
    error(404, "not_found_error", sky(", 'max_tokens': 1, 'model': 'x'"), "no model");
    error(400, "invalid_request_error", "{", "no JSON");
    assertEquals("error", server.get(PATH).json().get("type").textValue());
    assertEquals(405, server.get(PATH).status());
  }

  @Test
  void whatIsNotHonouredIsRefusedByName() {
    String one = ", 'max_tokens': 1";
    refused(sky(one + ", 'container': 'c'"), "container is not an option");
    refused(sky(one + ", 'thinking': {'type': 'on'}"), "thinking.type is none of");
    refused(sky(one + ", 'thinking': {'type': 'enabled'}"), "thinking.budget_tokens is missing");
    refused(sky(one + ", 'tools': [{'type': 'bash_20250124', 'name': 'bash'}]"), "tools[0].type");
    refused(sky(one + ", 'tool_choice': {'type': 'any'}"), "a tool must be called");
    refused(sky(one + ", 'temperature': 'hot'"), "temperature is a JSON string");
    refused(messages("{'role': 'system', 'content': 'a'}"), "messages[0].role is none of");
    refused(
        messages("{'role': 'user', 'content': [{'type': 'image'}]}"),
        "messages[0].content[0].type is image");
    refused(
        messages("{'role': 'user', 'content': 'a'}, {'role': 'assistant', 'content': 'b'}"),
        "ends with the assistant's turn");
  }

  private static String messages(String turns) {
    return "{'max_tokens': 1, 'messages': [" + turns + "]}";
  }

  private static void refused(String body, String part) {
    error(400, "invalid_request_error", body, part);
  }

  private static void error(int status, String type, String body, String part) {
    Reply reply = server.post(PATH, body);
    assertEquals(status, reply.status(), reply.text());
    assertEquals("error", reply.json().get("type").textValue());
    assertEquals(type, reply.json().get("error").get("type").textValue());
    assertTrue(reply.text().contains(part), reply.text());
  }
}
