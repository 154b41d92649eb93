// ChatCompletions: POST /v1/chat/completions.
package dev.gatun.server.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.Gatun;
import dev.gatun.chat.Answer;
import dev.gatun.chat.AnswerListener;
import dev.gatun.chat.Cancellation;
import dev.gatun.chat.ChatOptions;
import dev.gatun.dialogue.Ids;
import dev.gatun.dialogue.Prompt;
import dev.gatun.server.Admission;
import dev.gatun.server.Call;
import dev.gatun.server.EventStream;
import dev.gatun.server.Fields;
import dev.gatun.server.Json;
import dev.gatun.server.Progress;
import dev.gatun.server.Route;
import dev.gatun.server.ServedModel;
import dev.gatun.server.generation.Choices;
import dev.gatun.server.generation.Prompts;
import dev.gatun.server.generation.RequestLog;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.function.BiFunction;

public final class ChatCompletions implements Route {
  private final ServedModel served;
  private final Admission admission;

  public ChatCompletions(ServedModel served, Admission admission) {
    this.served = served;
    this.admission = admission;
  }

  @Override
  public void answer(Call call) throws IOException {
    Fields fields = Fields.of(call.json());
    Gatun model = served.named(fields.text("model"));
    ChatRequest request = ChatRequest.read(fields, model);
    Prompt prompt = Prompts.of(model, request.messages(), request.options());
    String id = Ids.next("chatcmpl-");
    call.begin(id, served, request.stream(), prompt.ids().length);
    Asked asked =
        new Asked(model, request, prompt, id, admission, call.whileClientStays(), call.progress());
    if (request.stream()) {
      stream(call, asked);
    } else {
      whole(call, asked);
    }
  }

  /** A request with all that answers it. */
  private record Asked(
      Gatun model,
      ChatRequest request,
      Prompt prompt,
      String id,
      Admission admission,
      Cancellation cancellation,
      Progress progress) {
    List<Answer> answers() {
      return all((index, options) -> answer(options, AnswerListener.none()));
    }

    List<Answer> answers(ChatStream stream) {
      return all(
          (index, options) -> {
            ChatChunks chunks = new ChatChunks(stream, index);
            Answer answer = answer(options, chunks);
            chunks.finish(AnswerJson.finish(answer.finish()));
            return answer;
          });
    }

    private List<Answer> all(BiFunction<Integer, ChatOptions, Answer> ask) {
      int count = request.choices();
      // Given back before the client has the end of its answer, and may ask again.
      try (Admission.Ticket _ = admission.enter(count)) {
        return Choices.all(count, count, request.options(), cancellation, ask);
      }
    }

    private Answer answer(ChatOptions options, AnswerListener listener) {
      return model.answer(prompt, options, progress.hearing(listener), request.thinkingInContent());
    }
  }

  private void whole(Call call, Asked asked) throws IOException {
    List<Answer> answers = asked.answers();
    RequestLog.add(call.log(), answers);
    ObjectNode body =
        Json.object()
            .put("id", asked.id)
            .put("object", "chat.completion")
            .put("created", Instant.now().getEpochSecond())
            .put("model", served.name())
            .put("system_fingerprint", served.fingerprint())
            .put("service_tier", "default");
    ArrayNode choices = body.putArray("choices");
    for (Answer answer : answers) {
      ObjectNode choice = choices.addObject().put("index", choices.size() - 1);
      choice.set("message", message(answer));
      if (asked.request.options().topLogProbs() >= 0) {
        choice.set("logprobs", AnswerJson.logProbs(answer.logProbs()));
      } else {
        choice.putNull("logprobs");
      }
      choice.put("finish_reason", AnswerJson.finish(answer.finish()));
    }
    body.set("usage", AnswerJson.usage(answers));
    body.set("timings", AnswerJson.timings(answers.getFirst()));
    call.answer(200, body);
  }

  private static ObjectNode message(Answer answer) {
    ObjectNode message = Json.object().put("role", "assistant");
    if (answer.text().isEmpty() && !answer.toolCalls().isEmpty()) {
      message.putNull("content");
    } else {
      message.put("content", answer.text());
    }
    if (!answer.thinking().isEmpty()) {
      message.put("reasoning_content", answer.thinking());
    }
    if (!answer.toolCalls().isEmpty()) {
      message.set("tool_calls", AnswerJson.toolCalls(answer.toolCalls()));
    }
    return message.putNull("refusal");
  }

  private void stream(Call call, Asked asked) {
    boolean logProbs = asked.request.options().topLogProbs() >= 0;
    EventStream events = call.events();
    ChatStream stream = new ChatStream(events, asked.id, served, logProbs);
    events.run(
        () -> {
          List<Answer> answers = asked.answers(stream);
          RequestLog.add(call.log(), answers);
          stream.finish(answers, asked.request.usageAtEnd());
        },
        error -> events.send(error.json()));
  }
}
