// ThinkSplitterTest: thinking and answer are told apart wherever the text is cut.
package dev.gatun.dialogue;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.chat.Message;
import dev.gatun.dialogue.ThinkSplitter.Part;
import dev.gatun.text.ChatTemplate;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ThinkSplitterTest {
  private static final String PLAIN_PROMPT = "<|im_start|>assistant\n";
  private static final String OPENED_PROMPT = PLAIN_PROMPT + "<think>\n";

  @Test
  void thinkingEndsAfterItsTagHoweverItIsCut() {
    String text = "\n<think>\nhm </thin a<b\n</think>\n\nIt is </think> 4.";
    for (int first = 0; first <= text.length(); first++) {
      for (int second = first; second <= text.length(); second++) {
        List<String> pieces =
            List.of(
                text.substring(0, first), text.substring(first, second), text.substring(second));
        Map<Part, String> parts = split(PLAIN_PROMPT, pieces);
        assertEquals("\nhm </thin a<b\n", parts.get(Part.THINKING));
        assertEquals("\n<think></think>", parts.get(Part.TAG));
        assertEquals("\n\nIt is </think> 4.", parts.get(Part.ANSWER));
      }
    }
  }

  @Test
  void aPromptMayHaveOpenedTheThinking() {
    Map<Part, String> parts = split(OPENED_PROMPT, List.of("hm</th", "ink>4"));
    assertEquals("hm", parts.get(Part.THINKING));
    assertEquals("</think>", parts.get(Part.TAG));
    assertEquals("4", parts.get(Part.ANSWER));
  }

  @Test
  void aPromptThatClosesTheThinkingHasNoneOpen() {
    assertEquals("4", split(OPENED_PROMPT + "\n</think>\n\n", List.of("4")).get(Part.ANSWER));
  }

  @Test
  void afterAPromptThatClosesTheThinkingAllIsAnswer() {
    Map<Part, String> parts = split("<｜Assistant｜></think>", List.of("<think>", "4</think>"));
    assertEquals("<think>4</think>", parts.get(Part.ANSWER));
    assertEquals("", parts.get(Part.THINKING));
  }

  @ParameterizedTest
  @CsvSource({
    "deepseek-r1, false, 'hm</think>4', hm, 4",
    "deepseek-r1-0528, false, '<think>hm</think>4', hm, 4",
    "deepseek-r1-0528, false, 4, '', 4",
    "deepseek-v3.1-published, true, 'hm</think>4', hm, 4",
    "deepseek-v3.1-published, false, '<think>4', '', '<think>4'",
    "r1-distill, false, 'hm</think>4', hm, 4"
  })
  void aTemplateMayOpenTheThinkingLeaveItToTheModelOrCloseIt(
      String template, boolean thinking, String drawn, String thought, String answer)
      throws IOException {
    String source;
    try (InputStream in =
        getClass().getResourceAsStream("/chat-templates/" + template + ".jinja")) {
      source = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    Map<String, Object> variables = Map.of("bos_token", "", "thinking", thinking);
    String prompt = ChatTemplate.of(source).render(List.of(Message.user("2+2?")), true, variables);
    Map<Part, String> parts = split(prompt, List.of(drawn));
    assertEquals(thought, parts.get(Part.THINKING));
    assertEquals(answer, parts.get(Part.ANSWER));
  }

  @Test
  void anAnswerMaySpeakOfTheTags() {
    String text = "Write <think> first, then </think>.";
    assertEquals(text, split(PLAIN_PROMPT, List.of(text)).get(Part.ANSWER));
  }

  @Test
  void whatOnlyLooksLikeATagIsPassedOn() {
    assertEquals("<thin", split(PLAIN_PROMPT, List.of("<thi", "n")).get(Part.ANSWER));
    assertEquals("<thing>", split(PLAIN_PROMPT, List.of("<thi", "ng>")).get(Part.ANSWER));
  }

  @Test
  void unfinishedThinkingIsThinking() {
    Map<Part, String> parts = split(OPENED_PROMPT, List.of("hm </thi"));
    assertEquals("hm </thi", parts.get(Part.THINKING));
    assertEquals("", parts.get(Part.ANSWER));
  }

  @Test
  void textIsNotHeldBackLongerThanATagNeeds() {
    StringBuilder seen = new StringBuilder();
    ThinkSplitter splitter = new ThinkSplitter(OPENED_PROMPT, (_, text) -> seen.append(text));
    splitter.push("a < b");
    assertEquals("a < b", seen.toString());
  }

  private static Map<Part, String> split(String prompt, List<String> pieces) {
    Map<Part, String> parts =
        new EnumMap<>(Map.of(Part.TAG, "", Part.THINKING, "", Part.ANSWER, ""));
    ThinkSplitter splitter =
        new ThinkSplitter(prompt, (part, text) -> parts.merge(part, text, String::concat));
    pieces.forEach(splitter::push);
    splitter.finish();
    return parts;
  }
}
