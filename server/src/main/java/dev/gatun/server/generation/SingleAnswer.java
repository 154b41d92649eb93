// SingleAnswer: a request that has one answer.
package dev.gatun.server.generation;

import dev.gatun.Gatun;
import dev.gatun.chat.Answer;
import dev.gatun.chat.AnswerListener;
import dev.gatun.chat.ChatOptions;
import dev.gatun.dialogue.Prompt;
import dev.gatun.server.Admission;
import dev.gatun.server.ApiError;
import dev.gatun.server.Call;
import java.util.List;

public final class SingleAnswer {
  private SingleAnswer() {}

  /**
   * Answers as soon as it is the request's turn; ends when the client leaves.
   *
   * @throws ApiError 503 where too many wait
   */
  public static Answer of(
      Call call,
      Admission admission,
      Gatun model,
      Prompt prompt,
      ChatOptions options,
      AnswerListener listener) {
    try (Admission.Ticket _ = admission.enter(1)) {
      ChatOptions cancellable = options.withCancellation(call.whileClientStays());
      Answer answer = model.answer(prompt, cancellable, call.progress().hearing(listener), false);
      RequestLog.add(call.log(), List.of(answer));
      return answer;
    }
  }
}
