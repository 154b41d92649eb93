// TurnsTest: a request's messages with calls, their results and thoughts.
package dev.gatun.server.anthropic;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.chat.Message;
import dev.gatun.chat.ToolCall;
import dev.gatun.server.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TurnsTest {
  private static List<Message> read(String turns) {
    JsonNode json = Json.parse(turns.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    return Turns.read(json);
  }

  @Test
  void resultsAndTextAreTurnsOfTheirOwn() {
    List<Message> read =
        read(
            "[{'role': 'user', 'content': ["
                + "{'type': 'tool_result', 'tool_use_id': 'c1', 'content': 'blue'},"
                + "{'type': 'tool_result', 'tool_use_id': 'c2', 'is_error': true,"
                + " 'content': [{'type': 'text', 'text': 'no such sky'}]},"
                + "{'type': 'text', 'text': 'And '}, {'type': 'text', 'text': 'now?'}]}]");
    assertEquals(
        List.of(
            Message.toolResult("c1", "blue"),
            Message.toolResult("c2", "Error: no such sky"),
            Message.user("And now?")),
        read);
  }

  @Test
  void aTurnOfNothingIsATurn() {
    assertEquals(
        List.of(Message.user("")),
        read("[{'role': 'user', 'content': [{'type': 'text', 'text': ''}]}]"));
  }

  @Test
  void whatAnAssistantThoughtSaidAndCalledIsOneTurn() {
    List<Message> read =
        read(
            "[{'role': 'assistant', 'content': ["
                + "{'type': 'thinking', 'thinking': 'Hm.', 'signature': ''},"
                + "{'type': 'text', 'text': 'I look.'},"
                + "{'type': 'tool_use', 'id': 'c1', 'name': 'look', 'input': {'at': 'sky'}}]}]");
    assertEquals(
        List.of(
            new Message(
                "assistant",
                "I look.",
                "Hm.",
                List.of(new ToolCall("c1", "look", "{\"at\":\"sky\"}")),
                Optional.empty())),
        read);
  }
}
