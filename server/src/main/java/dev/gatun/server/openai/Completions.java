// Completions: POST /v1/completions, texts continued as they stand.
package dev.gatun.server.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.Gatun;
import dev.gatun.chat.Answer;
import dev.gatun.chat.AnswerListener;
import dev.gatun.chat.Cancellation;
import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.TokenLogProb;
import dev.gatun.dialogue.Ids;
import dev.gatun.server.Admission;
import dev.gatun.server.Call;
import dev.gatun.server.EventStream;
import dev.gatun.server.Fields;
import dev.gatun.server.Json;
import dev.gatun.server.Progress;
import dev.gatun.server.Route;
import dev.gatun.server.ServedModel;
import dev.gatun.server.generation.Choices;
import dev.gatun.server.generation.RequestLog;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;

public final class Completions implements Route {
  private final ServedModel served;
  private final Admission admission;

  public Completions(ServedModel served, Admission admission) {
    this.served = served;
    this.admission = admission;
  }

  @Override
  public void answer(Call call) throws IOException {
    Fields fields = Fields.of(call.json());
    Gatun model = served.named(fields.text("model"));
    CompletionRequest request = CompletionRequest.read(fields, model);
    ObjectNode head =
        Json.object()
            .put("id", Ids.next("cmpl-"))
            .put("object", "text_completion")
            .put("created", Instant.now().getEpochSecond())
            .put("model", served.name())
            .put("system_fingerprint", served.fingerprint());
    int tokens = request.prompts().stream().mapToInt(each -> each.ids().length).sum();
    call.begin(head.get("id").textValue(), served, request.stream(), tokens);
    Asked asked =
        new Asked(model, request, head, admission, call.whileClientStays(), call.progress());
    if (request.stream()) {
      stream(call, asked);
    } else {
      whole(call, asked);
    }
  }

  /** A request with all that answers it. */
  private record Asked(
      Gatun model,
      CompletionRequest request,
      ObjectNode head,
      Admission admission,
      Cancellation cancellation,
      Progress progress) {

    List<Completed> all() {
      return all((index, options) -> completed(index, options, AnswerListener.none(), _ -> {}));
    }

    List<Completed> all(EventStream events) {
      return all(
          (index, options) -> {
            TokenScores scores = new TokenScores(model.dialect().tokenizer());
            CompletionChunks chunks = new CompletionChunks(events, head, index, request, scores);
            Completed completed = completed(index, options, chunks, chunks::scored);
            chunks.finish(completed.finish());
            return completed;
          });
    }

    private List<Completed> all(BiFunction<Integer, ChatOptions, Completed> ask) {
      // Given back before the client has the end of its answer, and may ask again.
      try (Admission.Ticket _ = admission.enter(request.choices())) {
        return Choices.all(request.choices(), request.each(), request.options(), cancellation, ask);
      }
    }

    private Completed completed(
        int index,
        ChatOptions options,
        AnswerListener listener,
        Consumer<List<TokenLogProb>> scored) {
      return Completed.of(model, request, index, options, progress.hearing(listener), scored);
    }

    ObjectNode usage(List<Completed> all) {
      List<Answer> answers = answers(all);
      int prompt = request.prompts().stream().mapToInt(each -> each.ids().length).sum();
      int drawn = answers.stream().mapToInt(each -> each.usage().generatedTokens()).sum();
      int cached = 0;
      for (int i = 0; i < answers.size(); i += request.each()) {
        cached += answers.get(i).usage().cachedTokens();
      }
      ObjectNode usage =
          Json.object()
              .put("prompt_tokens", prompt)
              .put("completion_tokens", drawn)
              .put("total_tokens", prompt + drawn);
      usage.putObject("prompt_tokens_details").put("cached_tokens", cached);
      return usage;
    }
  }

  private static List<Answer> answers(List<Completed> all) {
    return all.stream().map(Completed::answer).flatMap(Optional::stream).toList();
  }

  private static void whole(Call call, Asked asked) throws IOException {
    List<Completed> all = asked.all();
    log(call, all);
    ObjectNode body = asked.head.deepCopy();
    ArrayNode choices = body.putArray("choices");
    all.forEach(each -> choices.add(each.choice(asked.request, choices.size(), asked.model)));
    body.set("usage", asked.usage(all));
    answers(all).stream()
        .findFirst()
        .ifPresent(first -> body.set("timings", AnswerJson.timings(first)));
    call.answer(200, body);
  }

  private static void stream(Call call, Asked asked) {
    EventStream events = call.events();
    events.run(
        () -> {
          List<Completed> all = asked.all(events);
          log(call, all);
          if (asked.request.usageAtEnd()) {
            ObjectNode chunk = asked.head.deepCopy();
            chunk.putArray("choices");
            events.send(chunk.set("usage", asked.usage(all)));
          }
          events.done();
        },
        error -> events.send(error.json()));
  }

  private static void log(Call call, List<Completed> all) {
    List<Answer> answers = answers(all);
    if (!answers.isEmpty()) {
      RequestLog.add(call.log(), answers);
    }
  }
}
