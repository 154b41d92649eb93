// TranscriptTest: what was said is kept in order, and the system message first.
package dev.gatun.dialogue;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.chat.Message;
import java.util.List;
import org.junit.jupiter.api.Test;

class TranscriptTest {
  private final Transcript transcript = new Transcript();

  @Test
  void theSystemMessageIsFirstAndSurvivesClearing() {
    transcript.add(Message.user("hi"));
    transcript.system("be brief");
    transcript.system("be kind");
    assertEquals(List.of(Message.system("be kind"), Message.user("hi")), transcript.messages());
    transcript.clear();
    assertEquals(List.of(Message.system("be kind")), transcript.messages());
    transcript.system("");
    assertEquals(List.of(), transcript.messages());
  }

  @Test
  void aQuestionWithoutAnAnswerIsTakenBack() {
    transcript.replace(List.of(Message.user("hi"), Message.assistant("ho")));
    transcript.add(Message.user("and?"));
    transcript.retract();
    assertEquals(List.of(Message.user("hi"), Message.assistant("ho")), transcript.messages());
  }
}
