// CompletionChunks: one choice of a completion as it streams.
package dev.gatun.server.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.chat.AnswerListener;
import dev.gatun.chat.TokenLogProb;
import dev.gatun.server.EventStream;
import java.util.ArrayList;
import java.util.List;

/** Log-probabilities go with the text of their tokens. For one thread. */
final class CompletionChunks implements AnswerListener {
  private final EventStream events;
  private final ObjectNode head;
  private final int index;
  private final boolean logProbs;
  private final TokenScores scores;
  private final List<TokenLogProb> tokens = new ArrayList<>();

  /**
   * @param head what each piece begins with
   */
  CompletionChunks(
      EventStream events, ObjectNode head, int index, boolean logProbs, TokenScores scores) {
    this.events = events;
    this.head = head;
    this.index = index;
    this.logProbs = logProbs;
    this.scores = scores;
  }

  @Override
  public void text(String piece) {
    send(piece, null);
  }

  @Override
  public void token(TokenLogProb token) {
    tokens.add(token);
  }

  /** The last piece: why the answer ended. */
  void finish(String reason) {
    send("", reason);
  }

  private void send(String text, String finish) {
    ObjectNode chunk = head.deepCopy();
    ObjectNode choice = chunk.putArray("choices").addObject().put("index", index).put("text", text);
    if (logProbs) {
      choice.set("logprobs", scores.ofAnswer(tokens));
      tokens.clear();
    } else {
      choice.putNull("logprobs");
    }
    choice.put("finish_reason", finish);
    events.send(chunk);
  }
}
