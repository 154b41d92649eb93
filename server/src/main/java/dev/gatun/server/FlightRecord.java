// FlightRecord: requests as the JDK's Flight Recorder has them.
package dev.gatun.server;

import dev.gatun.chat.Answer;
import dev.gatun.chat.Usage;
import java.util.List;
import java.util.function.Consumer;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

final class FlightRecord {
  private static final Consumer<Call> NOTHING = _ -> {};

  private FlightRecord() {}

  /**
   * Begins a request; what is returned ends it. Does nothing where no recorder was ever started in
   * this process: the first event loads hundreds of classes.
   */
  static Consumer<Call> begin() {
    return FlightRecorder.isInitialized() ? Request.begun()::end : NOTHING;
  }

  /** From its head's arrival until its answer was sent. */
  @Name("dev.gatun.Request")
  @Label("Request")
  @Category("Gatun")
  @Description("One HTTP request, from its head's arrival until its answer was sent")
  @StackTrace(false)
  private static final class Request extends Event {
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

    static Request begun() {
      Request request = new Request();
      request.begin();
      return request;
    }

    void end(Call call) {
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
}
