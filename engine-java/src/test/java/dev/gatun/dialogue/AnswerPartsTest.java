// AnswerPartsTest: a listener hears thinking and answer without the template's blank lines.
package dev.gatun.dialogue;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.chat.AnswerListener;
import org.junit.jupiter.api.Test;

class AnswerPartsTest {
  private static final String TEXT = "\n<think>\nhm  hm\n\n</think>\n\n It is\n4.\n";

  private final StringBuilder heard = new StringBuilder();
  private final AnswerListener listener =
      new AnswerListener() {
        @Override
        public void text(String piece) {
          heard.append(piece);
        }

        @Override
        public void thinking(String piece) {
          heard.append(piece.toUpperCase(java.util.Locale.ROOT));
        }
      };

  private AnswerParts parts(boolean whole, String text, int cut) {
    heard.setLength(0);
    AnswerParts parts = new AnswerParts(listener, whole);
    ThinkSplitter splitter = new ThinkSplitter("", parts);
    splitter.push(text.substring(0, cut));
    splitter.push(text.substring(cut));
    splitter.finish();
    return parts;
  }

  @Test
  void whatStandsBetweenThinkingAndAnswerIsNeither() {
    for (int cut = 0; cut <= TEXT.length(); cut++) {
      AnswerParts parts = parts(false, TEXT, cut);
      assertEquals("hm  hm", parts.thinking());
      assertEquals("It is\n4.\n", parts.text());
      assertEquals("HM  HMIt is\n4.\n", heard.toString());
    }
  }

  @Test
  void anAnswerWithoutThinkingIsAsTheModelWroteIt() {
    assertEquals(" 4 \n", parts(false, " 4 \n", 2).text());
  }

  @Test
  void aContinuedTextIsWhole() {
    assertEquals(TEXT, parts(true, TEXT, 12).text());
    assertEquals(TEXT, heard.toString());
  }
}
