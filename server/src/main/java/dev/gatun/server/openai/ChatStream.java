// ChatStream: a chat completion as server-sent events.
package dev.gatun.server.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.chat.Answer;
import dev.gatun.chat.TokenLogProb;
import dev.gatun.server.EventStream;
import dev.gatun.server.Json;
import dev.gatun.server.ServedModel;
import java.time.Instant;
import java.util.List;

/** For any threads. */
final class ChatStream {
  private final EventStream events;
  private final String id;
  private final String name;
  private final String fingerprint;
  private final boolean logProbs;
  private final long created = Instant.now().getEpochSecond();

  ChatStream(EventStream events, String id, ServedModel served, boolean logProbs) {
    this.events = events;
    this.id = id;
    name = served.name();
    fingerprint = served.fingerprint();
    this.logProbs = logProbs;
  }

  /** A piece of a choice. */
  void send(int index, ObjectNode delta, List<TokenLogProb> tokens, String finish) {
    events.send(chunk(index, delta, tokens, finish));
  }

  /** A piece of a choice, as JSON in UTF-8. */
  void send(byte[] chunk) {
    events.send(chunk);
  }

  ObjectNode chunk(int index, ObjectNode delta, List<TokenLogProb> tokens, String finish) {
    ObjectNode chunk = chunk();
    ObjectNode choice = chunk.putArray("choices").addObject().put("index", index);
    choice.set("delta", delta);
    if (logProbs && !tokens.isEmpty()) {
      choice.set("logprobs", AnswerJson.logProbs(tokens));
    } else {
      choice.putNull("logprobs");
    }
    choice.put("finish_reason", finish);
    return chunk;
  }

  /** The end of a stream that went well. */
  void finish(List<Answer> answers, boolean withUsage) {
    if (withUsage) {
      ObjectNode chunk = chunk();
      chunk.putArray("choices");
      chunk.set("usage", AnswerJson.usage(answers));
      chunk.set("timings", AnswerJson.timings(answers.getFirst()));
      events.send(chunk);
    }
    events.done();
  }

  private ObjectNode chunk() {
    return Json.object()
        .put("id", id)
        .put("object", "chat.completion.chunk")
        .put("created", created)
        .put("model", name)
        .put("system_fingerprint", fingerprint)
        .put("service_tier", "default");
  }
}
