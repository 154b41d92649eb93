// RequestLog: what the log says of a request's answers.
package dev.gatun.server.generation;

import dev.gatun.chat.Answer;
import dev.gatun.chat.FinishReason;
import dev.gatun.chat.Usage;
import dev.gatun.server.LogLine;
import java.util.List;
import java.util.Locale;

public final class RequestLog {
  private RequestLog() {}

  public static void add(LogLine line, List<Answer> answers) {
    line.answered(answers);
    Usage first = answers.getFirst().usage();
    line.add("prompt_tokens", first.promptTokens());
    line.add("cached_tokens", first.cachedTokens());
    line.add(
        "thinking_tokens",
        answers.stream().mapToLong(answer -> answer.usage().thinkingTokens()).sum());
    line.add(
        "answer_tokens", answers.stream().mapToLong(answer -> answer.usage().answerTokens()).sum());
    line.add("first_token_ms", first.promptTime().toMillis());
    FinishReason finish = answers.getFirst().finish();
    line.add("finish", finish.name().toLowerCase(Locale.ROOT));
  }
}
