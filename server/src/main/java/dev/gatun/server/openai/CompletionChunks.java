// CompletionChunks: one choice of a completion as it streams.
package dev.gatun.server.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.chat.AnswerListener;
import dev.gatun.chat.TokenLogProb;
import dev.gatun.server.EventStream;
import dev.gatun.server.JsonFrame;
import java.util.ArrayList;
import java.util.List;

/**
 * Log-probabilities go with the text of their tokens. Where the prompt is echoed it is a piece of
 * its own, the first. For one thread.
 */
final class CompletionChunks implements AnswerListener {
  private final EventStream events;
  private final ObjectNode head;
  private final int index;
  private final CompletionRequest request;
  private final TokenScores scores;
  private final List<TokenLogProb> tokens = new ArrayList<>();
  private final JsonFrame frame; // of a piece without log-probabilities
  private List<TokenLogProb> ofPrompt = List.of();
  private boolean begun;

  /**
   * @param head what each piece begins with
   */
  CompletionChunks(
      EventStream events,
      ObjectNode head,
      int index,
      CompletionRequest request,
      TokenScores scores) {
    this.events = events;
    this.head = head;
    this.index = index;
    this.request = request;
    this.scores = scores;
    frame = new JsonFrame(chunk(JsonFrame.TEXT, null, null));
  }

  /** Takes the log-probabilities of the prompt's tokens, before anything else. */
  void scored(List<TokenLogProb> found) {
    ofPrompt = found;
  }

  @Override
  public void text(String piece) {
    begin();
    if (request.logProbs()) {
      send(piece, null);
    } else {
      events.send(frame.with(piece));
    }
  }

  @Override
  public void token(TokenLogProb token) {
    tokens.add(token);
  }

  /** The last piece: why the answer ended. */
  void finish(String reason) {
    begin();
    send("", reason);
  }

  private void begin() {
    if (!begun && request.echo()) {
      CompletionPrompt prompt = request.prompt(index);
      ObjectNode logProbs = request.logProbs() ? scores.ofPrompt(prompt, ofPrompt) : null;
      events.send(chunk(prompt.text(), logProbs, null));
    }
    begun = true;
  }

  private void send(String text, String finish) {
    events.send(chunk(text, request.logProbs() ? scores.ofAnswer(tokens) : null, finish));
    tokens.clear();
  }

  private ObjectNode chunk(String text, ObjectNode logProbs, String finish) {
    ObjectNode chunk = head.deepCopy();
    ObjectNode choice = chunk.putArray("choices").addObject().put("index", index).put("text", text);
    choice.set("logprobs", logProbs); // null as JSON's where there is none
    choice.put("finish_reason", finish);
    return chunk;
  }
}
