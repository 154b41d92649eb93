// ResponseItems: an answer as items of output, and as the events that tell them.
package dev.gatun.server.openai.responses;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.chat.AnswerListener;
import dev.gatun.chat.TokenLogProb;
import dev.gatun.dialogue.Ids;
import dev.gatun.server.Json;
import dev.gatun.server.openai.AnswerJson;
import java.util.ArrayList;
import java.util.List;

/** An item ends where the next begins. For one answer and one thread. */
final class ResponseItems implements AnswerListener {
  private final ItemEvents events;
  private final Part thoughts;
  private final ArrayNode output = Json.array();
  private final StringBuilder said = new StringBuilder(); // in the item that is open
  private final List<TokenLogProb> tokens = new ArrayList<>(); // whose text has not come
  private ArrayNode logProbs = Json.array(); // of the item that is open
  private Part part; // of the item that is open; null for a call
  private ObjectNode item; // that is open; null for none

  /** What an item of text holds, and the events' names for it. */
  private enum Part {
    TEXT("content", "response.content_part", "response.output_text"),
    REASONING("content", "response.content_part", "response.reasoning_text"),
    SUMMARY("summary", "response.reasoning_summary_part", "response.reasoning_summary_text");

    private final String place;
    private final String event;
    private final String textEvent;

    Part(String place, String event, String textEvent) {
      this.place = place;
      this.event = event;
      this.textEvent = textEvent;
    }

    ObjectNode of(String text, ArrayNode logProbs) {
      return switch (this) {
        case TEXT -> {
          ObjectNode part = Json.object().put("type", "output_text").put("text", text);
          part.putArray("annotations");
          yield part.set("logprobs", logProbs);
        }
        case REASONING -> Json.object().put("type", "reasoning_text").put("text", text);
        case SUMMARY -> Json.object().put("type", "summary_text").put("text", text);
      };
    }
  }

  /**
   * @param summarized whether the thinking is told as its own summary, which clients show
   */
  ResponseItems(ItemEvents events, boolean summarized) {
    this.events = events;
    thoughts = summarized ? Part.SUMMARY : Part.REASONING;
  }

  /** All items, after {@link #finish}. */
  ArrayNode output() {
    return output;
  }

  @Override
  public void thinking(String piece) {
    tokens.clear();
    if (part != thoughts) {
      begin(Json.object().put("id", Ids.next("rs_")).put("type", "reasoning"), thoughts);
    }
    say(piece);
  }

  @Override
  public void text(String piece) {
    if (part != Part.TEXT) {
      ObjectNode message = Json.object().put("id", Ids.next("msg_")).put("type", "message");
      begin(message.put("role", "assistant"), Part.TEXT);
    }
    say(piece);
  }

  @Override
  public void toolCall(int index, String id, String name) {
    tokens.clear();
    begin(
        Json.object()
            .put("id", Ids.next("fc_"))
            .put("type", "function_call")
            .put("call_id", id)
            .put("name", name)
            .put("arguments", ""),
        null);
  }

  @Override
  public void toolArguments(int index, String piece) {
    tokens.clear();
    said.append(piece);
    events.send("response.function_call_arguments.delta", event().put("delta", piece));
  }

  @Override
  public void token(TokenLogProb token) {
    tokens.add(token);
  }

  /**
   * No more comes.
   *
   * @param whole whether the answer came to its own end
   */
  void finish(boolean whole) {
    if (item == null) {
      return;
    }
    String text = said.toString();
    if (part == null) {
      item.put("arguments", text);
      events.send(
          "response.function_call_arguments.done",
          event().put("name", item.get("name").textValue()).put("arguments", text));
    } else {
      ObjectNode done = placed().put("text", text);
      if (part == Part.TEXT) {
        done.set("logprobs", logProbs);
      }
      events.send(part.textEvent + ".done", done);
      ObjectNode last = part.of(text, logProbs);
      events.send(part.event + ".done", placed().set("part", last));
      item.withArray(part.place).add(last);
    }
    item.put("status", whole ? "completed" : "incomplete");
    events.send("response.output_item.done", itemEvent());
    item = null;
    part = null;
  }

  private void begin(ObjectNode next, Part holds) {
    finish(true);
    item = next.put("status", "in_progress");
    part = holds;
    said.setLength(0);
    logProbs = Json.array();
    output.add(item);
    if (part != null) {
      item.putArray(part.place);
    }
    if (part == Part.REASONING) {
      item.putArray("summary");
    }
    events.send("response.output_item.added", itemEvent());
    if (part != null) {
      events.send(part.event + ".added", placed().set("part", part.of("", Json.array())));
    }
  }

  private void say(String piece) {
    said.append(piece);
    ObjectNode delta = placed().put("delta", piece);
    if (part == Part.TEXT) {
      ArrayNode told = AnswerJson.tokens(tokens);
      logProbs.addAll(told);
      tokens.clear();
      delta.set("logprobs", told);
    }
    events.send(part.textEvent + ".delta", delta);
  }

  private ObjectNode itemEvent() {
    ObjectNode event = Json.object().put("output_index", output.size() - 1);
    return event.set("item", item.deepCopy());
  }

  private ObjectNode event() {
    return Json.object()
        .put("item_id", item.get("id").textValue())
        .put("output_index", output.size() - 1);
  }

  private ObjectNode placed() {
    return event().put(part == Part.SUMMARY ? "summary_index" : "content_index", 0);
  }
}
