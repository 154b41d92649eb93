// ResponseItemsTest: thoughts, text and calls as items, and the order of their events.
package dev.gatun.server.openai.responses;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResponseItemsTest {
  private final List<ObjectNode> events = new ArrayList<>();

  private ResponseItems items(boolean summarized) {
    return new ResponseItems(new ItemEvents(() -> {}, (_, event) -> events.add(event)), summarized);
  }

  private List<String> names() {
    return events.stream().map(event -> event.get("type").textValue().substring(9)).toList();
  }

  @Test
  void eachItemEndsWhereTheNextBegins() {
    ResponseItems items = items(false);
    items.thinking("Hm.");
    items.text("I ");
    items.text("look.");
    items.toolCall(0, "call_1", "look");
    items.toolArguments(0, "{\"at\":");
    items.toolArguments(0, "1}");
    items.finish(true);
    assertEquals(
        List.of(
            "output_item.added",
            "content_part.added",
            "reasoning_text.delta",
            "reasoning_text.done",
            "content_part.done",
            "output_item.done",
            "output_item.added",
            "content_part.added",
            "output_text.delta",
            "output_text.delta",
            "output_text.done",
            "content_part.done",
            "output_item.done",
            "output_item.added",
            "function_call_arguments.delta",
            "function_call_arguments.delta",
            "function_call_arguments.done",
            "output_item.done"),
        names());
    JsonNode output = items.output();
    assertEquals("reasoning", output.get(0).get("type").textValue());
    assertEquals("Hm.", output.get(0).get("content").get(0).get("text").textValue());
    assertEquals(0, output.get(0).get("summary").size());
    assertEquals("I look.", output.get(1).get("content").get(0).get("text").textValue());
    assertEquals("{\"at\":1}", output.get(2).get("arguments").textValue());
    assertEquals("call_1", output.get(2).get("call_id").textValue());
    for (ObjectNode event : events) {
      JsonNode item = output.get(event.get("output_index").intValue());
      String id =
          event.has("item")
              ? event.get("item").get("id").textValue()
              : event.get("item_id").textValue();
      assertEquals(item.get("id").textValue(), id, event.toString());
    }
    assertEquals("in_progress", events.getFirst().get("item").get("status").textValue());
    assertEquals(output.get(2), events.getLast().get("item"));
  }

  @Test
  void askedForASummaryThinkingIsTold() {
    ResponseItems items = items(true);
    items.thinking("Hm.");
    items.finish(false);
    assertEquals(
        List.of(
            "output_item.added",
            "reasoning_summary_part.added",
            "reasoning_summary_text.delta",
            "reasoning_summary_text.done",
            "reasoning_summary_part.done",
            "output_item.done"),
        names());
    assertEquals(0, events.get(2).get("summary_index").intValue());
    JsonNode item = items.output().get(0);
    assertEquals("Hm.", item.get("summary").get(0).get("text").textValue());
    assertEquals("incomplete", item.get("status").textValue());
  }
}
