// AnswerWriterTest: what an answer looks like on a terminal and in a file.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.dialogue.ThinkSplitter.Part;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class AnswerWriterTest {
  @Test
  void thinkingIsDimmedOnATerminal() {
    assertEquals(
        "\033[2m<think>hm</think>\033[22m\n\n4\n",
        written(true, false, "<think>hm</think>", "\n\n4"));
  }

  @Test
  void aFileGetsTheModelsOwnText() {
    assertEquals("<think>hm</think>\n\n4\n", written(false, false, "<think>hm</think>", "\n\n4"));
  }

  @Test
  void hiddenThinkingLeavesNoTraceInAFile() {
    assertEquals("4\n", written(false, true, "<think>hm</think>", "\n\n4\n"));
  }

  @Test
  void hiddenThinkingIsMentionedOnATerminalUntilTheAnswerComes() {
    assertEquals(
        "\033[2mthinking…\033[22m\r\033[K4\n", written(true, true, "<think>hm</think>", "\n\n4"));
  }

  @Test
  void stylesEndWhereThinkingIsCutOff() {
    assertEquals("\033[2m<think>hm\033[22m\n", written(true, false, "<think>hm", ""));
    assertEquals("\033[2mthinking…\033[22m\r\033[K", written(true, true, "<think>hm", ""));
  }

  private static String written(boolean styled, boolean hide, String thinking, String answer) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    AnswerWriter writer = new AnswerWriter(new Output(bytes), styled, hide, () -> 0);
    writer.accept(Part.THINKING, thinking);
    if (!answer.isEmpty()) {
      writer.accept(Part.ANSWER, answer);
    }
    writer.finish();
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
