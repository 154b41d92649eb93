// ChatChunks: one choice of a chat completion as it streams.
package dev.gatun.server.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.chat.AnswerListener;
import dev.gatun.chat.TokenLogProb;
import dev.gatun.server.Json;
import dev.gatun.server.JsonFrame;
import java.util.ArrayList;
import java.util.List;

/** The first piece names the role; log-probabilities go with the text of their tokens. */
final class ChatChunks implements AnswerListener {
  private final ChatStream stream;
  private final int index;
  private final List<TokenLogProb> tokens = new ArrayList<>();
  private boolean begun;
  private String framed = "";
  private JsonFrame frame; // of a piece of that field

  ChatChunks(ChatStream stream, int index) {
    this.stream = stream;
    this.index = index;
  }

  @Override
  public void text(String piece) {
    say("content", piece);
  }

  @Override
  public void thinking(String piece) {
    say("reasoning_content", piece);
  }

  @Override
  public void toolCall(int call, String id, String name) {
    ObjectNode delta = Json.object();
    delta
        .putArray("tool_calls")
        .addObject()
        .put("index", call)
        .put("id", id)
        .put("type", "function")
        .putObject("function")
        .put("name", name)
        .put("arguments", "");
    send(delta);
  }

  @Override
  public void toolArguments(int call, String piece) {
    ObjectNode delta = Json.object();
    delta
        .putArray("tool_calls")
        .addObject()
        .put("index", call)
        .putObject("function")
        .put("arguments", piece);
    send(delta);
  }

  @Override
  public void token(TokenLogProb token) {
    tokens.add(token);
  }

  /** The last piece: why the answer ended. */
  void finish(String reason) {
    if (!tokens.isEmpty()) {
      send(Json.object().put("content", "")); // of tokens that showed no text
    }
    begin();
    stream.send(index, Json.object(), List.of(), reason);
  }

  /** Pieces that go without log-probabilities differ in their text alone. */
  private void say(String field, String piece) {
    if (!tokens.isEmpty()) {
      send(Json.object().put(field, piece));
      return;
    }
    begin();
    if (!field.equals(framed)) {
      ObjectNode delta = Json.object().put(field, JsonFrame.TEXT);
      frame = new JsonFrame(stream.chunk(index, delta, tokens, null));
      framed = field;
    }
    stream.send(frame.with(piece));
  }

  private void send(ObjectNode delta) {
    begin();
    stream.send(index, delta, tokens, null);
    tokens.clear();
  }

  private void begin() {
    if (!begun) {
      begun = true;
      ObjectNode role = Json.object().put("role", "assistant").put("content", "");
      stream.send(index, role, List.of(), null);
    }
  }
}
