// AnswerBlocksTest: thoughts, text and calls as blocks, and the order of their events.
package dev.gatun.server.anthropic;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnswerBlocksTest {
  private final List<String> events = new ArrayList<>();
  private final AnswerBlocks blocks =
      new AnswerBlocks(
          (name, event) -> {
            assertEquals(name, event.get("type").textValue());
            event.remove("type");
            events.add(name + " " + event.toString().replace('"', '\''));
          });

  @Test
  void eachBlockEndsWhereTheNextBegins() {
    blocks.thinking("Let ");
    blocks.thinking("me see.");
    blocks.text("Yes.");
    blocks.toolCall(0, "call_1", "look");
    blocks.toolArguments(0, "{\"at\": ");
    blocks.toolArguments(0, "\"sky\"}");
    blocks.toolCall(1, "call_2", "wait");
    blocks.finish();
    assertEquals(
        "[{'type':'thinking','thinking':'Let me see.','signature':''},"
            + "{'type':'text','text':'Yes.'},"
            + "{'type':'tool_use','id':'call_1','name':'look','input':{'at':'sky'}},"
            + "{'type':'tool_use','id':'call_2','name':'wait','input':{}}]",
        blocks.content().toString().replace('"', '\''));
    assertEquals(
        List.of(
            "content_block_start {'index':0,'content_block':"
                + "{'type':'thinking','thinking':'','signature':''}}",
            "content_block_delta {'index':0,'delta':{'type':'thinking_delta','thinking':'Let '}}",
            "content_block_delta {'index':0,'delta':{'type':'thinking_delta','thinking':'me"
                + " see.'}}",
            "content_block_delta {'index':0,'delta':{'type':'signature_delta','signature':''}}",
            "content_block_stop {'index':0}",
            "content_block_start {'index':1,'content_block':{'type':'text','text':''}}",
            "content_block_delta {'index':1,'delta':{'type':'text_delta','text':'Yes.'}}",
            "content_block_stop {'index':1}",
            "content_block_start {'index':2,'content_block':"
                + "{'type':'tool_use','id':'call_1','name':'look','input':{}}}",
            "content_block_delta {'index':2,'delta':"
                + "{'type':'input_json_delta','partial_json':'{\\'at\\': '}}",
            "content_block_delta {'index':2,'delta':"
                + "{'type':'input_json_delta','partial_json':'\\'sky\\'}'}}",
            "content_block_stop {'index':2}",
            "content_block_start {'index':3,'content_block':"
                + "{'type':'tool_use','id':'call_2','name':'wait','input':{}}}",
            "content_block_stop {'index':3}"),
        events);
  }

  @Test
  void anAnswerOfNothingHasNoBlock() {
    blocks.finish();
    assertEquals(0, blocks.content().size());
    assertEquals(List.of(), events);
  }

  @Test
  void argumentsThatAreNoObjectAreKeptAsTheyAre() {
    blocks.toolCall(0, "call_1", "look");
    blocks.toolArguments(0, "[1");
    blocks.finish();
    assertEquals("[1", blocks.content().get(0).get("input").get("invalid_json").textValue());
  }
}
