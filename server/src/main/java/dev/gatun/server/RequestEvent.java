// RequestEvent: one request, for the JDK's Flight Recorder.
package dev.gatun.server;

import dev.gatun.chat.Answer;
import dev.gatun.chat.Usage;
import java.util.List;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** From its head's arrival until its answer was sent. */
@Name("dev.gatun.Request")
@Label("Request")
@Category("Gatun")
@Description("One HTTP request, from its head's arrival until its answer was sent")
@StackTrace(false)
final class RequestEvent extends Event {
  @Label("Path")
  String path;

  @Label("Status")
  int status;

  @Label("Prompt Tokens")
  int promptTokens;

  @Label("Cached Tokens")
  int cachedTokens;

  @Label("Drawn Tokens")
  int drawnTokens;

  @Label("Time to First Token")
  @Timespan(Timespan.NANOSECONDS)
  long firstToken;

  void end(Call call) {
    if (!shouldCommit()) {
      return;
    }
    path = call.path();
    status = call.status();
    List<Answer> answers = call.log().answers();
    if (!answers.isEmpty()) {
      Usage usage = answers.getFirst().usage();
      promptTokens = usage.promptTokens();
      cachedTokens = usage.cachedTokens();
      firstToken = usage.promptTime().toNanos();
      drawnTokens = answers.stream().mapToInt(each -> each.usage().generatedTokens()).sum();
    }
    commit();
  }
}
