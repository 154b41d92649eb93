// ResponsesTest: OpenAI's responses over HTTP, with the demo model.
package dev.gatun.server.openai.responses;

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

class ResponsesTest {
  private static final String PATH = "/v1/responses";
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
    return "{'input': 'Why is the sky blue?', 'temperature': 0" + more + "}";
  }

  private static String text(JsonNode response) {
    return response.get("output").get(0).get("content").get(0).get("text").textValue();
  }

  @Test
  void aResponseRepeatsWhatWasAsked() {
    JsonNode response =
        server.ok(
            PATH,
            sky(", 'max_output_tokens': 4, 'instructions': 'Be brief.', 'metadata': {'a': 'b'}"));
    assertEquals("incomplete", response.get("status").textValue());
    assertEquals("max_output_tokens", response.get("incomplete_details").get("reason").textValue());
    assertEquals("Be brief.", response.get("instructions").textValue());
    assertEquals("b", response.get("metadata").get("a").textValue());
    assertEquals(0, response.get("temperature").doubleValue());
    assertEquals("incomplete", response.get("output").get(0).get("status").textValue());
    JsonNode usage = response.get("usage");
    assertEquals(4, usage.get("output_tokens").intValue());
    assertEquals(usage.get("total_tokens").intValue(), usage.get("input_tokens").intValue() + 4);
  }

  @Test
  void itemsAreTheTurnsOfAConversation() {
    String asked = ", 'max_output_tokens': 6";
    JsonNode first = server.ok(PATH, sky(asked));
    String turns =
        "{'temperature': 0, 'max_output_tokens': 6, 'input': ["
            + "{'role': 'developer', 'content': 'Be brief.'},"
            + "{'type': 'message', 'role': 'user',"
            + " 'content': [{'type': 'input_text', 'text': 'Why is the sky blue?'}]}%s]}";
    JsonNode items = server.ok(PATH, turns.replace("%s", ""));
    assertEquals(text(server.ok(PATH, sky(asked + ", 'instructions': 'Be brief.'"))), text(items));
    JsonNode more =
        server.ok(
            PATH,
            turns.replace(
                "%s", "," + first.get("output").get(0) + ",{'role':'user','content':'So?'}"));
    assertTrue(
        more.get("usage").get("input_tokens").intValue()
            > items.get("usage").get("input_tokens").intValue());
  }

  @Test
  void aStreamTellsTheResponsePieceByPiece() {
    String asked = ", 'max_output_tokens': 5";
    List<Event> events =
        server.events(
            PATH, sky(asked + ", 'stream': true, 'include': ['message.output_text.logprobs']"));
    List<String> names = events.stream().map(Event::name).toList();
    assertEquals(
        List.of(
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta"),
        names.subList(0, 5));
    int end = names.size();
    assertEquals(
        List.of(
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.incomplete"),
        names.subList(end - 4, end));
    StringBuilder text = new StringBuilder();
    int tokens = 0;
    for (int i = 0; i < end; i++) {
      JsonNode event = events.get(i).json();
      assertEquals(i, event.get("sequence_number").intValue());
      assertEquals(names.get(i), event.get("type").textValue());
      if (names.get(i).equals("response.output_text.delta")) {
        text.append(event.get("delta").textValue());
        tokens += event.get("logprobs").size();
      }
    }
    assertEquals(5, tokens);
    JsonNode response = events.getLast().json().get("response");
    assertEquals(text(response), text.toString());
    assertEquals(text(server.ok(PATH, sky(asked))), text.toString());
    assertEquals(events.getFirst().json().get("response").get("id"), response.get("id"));
  }

  @Test
  void whatIsNotHonouredIsRefusedByName() {
    refused("{}", "input is missing");
    refused("{'input': []}", "input is neither text nor an array");
    refused("{'input': [{'type': 'item_reference', 'id': 'x'}]}", "input[0].type is none of");
    refused("{'input': [{'role': 'user', 'content': [{'type': 'input_image'}]}]}", "input_image");
    refused(sky(", 'previous_response_id': 'resp_1'"), "previous_response_id is not supported");
    refused(sky(", 'store': true"), "store is not supported");
    refused(sky(", 'background': true"), "background is not supported");
    refused(sky(", 'tools': [{'type': 'web_search'}]"), "tools[0].type is web_search");
    refused(sky(", 'include': ['file_search_call.results']"), "include has");
    refused(sky(", 'truncation': 'auto'"), "truncation is none of disabled");
    refused(sky(", 'max_tokens': 1"), "max_tokens is not an option");
  }

  private static void refused(String body, String part) {
    Reply reply = server.post(PATH, body);
    assertEquals(400, reply.status(), reply.text());
    assertTrue(reply.text().contains(part), reply.text());
  }
}
