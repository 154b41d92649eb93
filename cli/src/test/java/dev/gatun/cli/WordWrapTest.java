// WordWrapTest: what a terminal shows of text that streams in, against a screen of its own.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jline.utils.WCWidth;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WordWrapTest {
  /** A terminal of so many columns, as xterm is: after its last column the cursor waits there. */
  private static final class Screen {
    private final int columns;
    private final List<List<String>> rows = new ArrayList<>(List.of(new ArrayList<>()));
    private int column;

    Screen(int columns) {
      this.columns = columns;
    }

    Screen print(String text) {
      int at = 0;
      while (at < text.length()) {
        int point = text.codePointAt(at);
        if (point == '\033') {
          int end = at;
          while (!Character.isLetter(text.charAt(end))) {
            end++;
          }
          escape(text.substring(at + 2, end), text.charAt(end));
          at = end + 1;
        } else {
          put(point);
          at += Character.charCount(point);
        }
      }
      return this;
    }

    private void escape(String number, char command) {
      switch (command) {
        case 'D' -> column = Math.max(0, Math.min(column, columns - 1) - Integer.parseInt(number));
        case 'K' -> row().subList(Math.min(column, row().size()), row().size()).clear();
        default -> throw new IllegalStateException(number + command);
      }
    }

    private List<String> row() {
      return rows.getLast();
    }

    private void put(int point) {
      int width = WCWidth.wcwidth(point);
      if (point == '\n') {
        rows.add(new ArrayList<>());
        column = 0;
      } else if (width == 0) {
        row().set(column - 1, row().get(column - 1) + Character.toString(point));
      } else {
        if (column + width > columns) {
          rows.add(new ArrayList<>());
          column = 0;
        }
        row().add(Character.toString(point));
        column += width;
        while (row().size() < column) {
          row().add("");
        }
      }
    }

    List<String> lines() {
      return rows.stream().map(row -> String.join("", row).stripTrailing()).toList();
    }
  }

  /** The lines of a text that comes in pieces of so many characters. */
  private static List<String> lines(String text, int columns, int piece) {
    WordWrap wrap = new WordWrap(() -> columns);
    Screen screen = new Screen(columns);
    int at = 0;
    while (at < text.length()) {
      int end =
          text.offsetByCodePoints(at, Math.min(piece, text.codePointCount(at, text.length())));
      screen.print(wrap.show(text.substring(at, end)));
      at = end;
    }
    return screen.lines();
  }

  private static void breaks(String text, int columns, String... expected) {
    for (int piece : new int[] {1, 2, 3, 5, 1000}) {
      assertEquals(List.of(expected), lines(text, columns, piece), "in pieces of " + piece);
    }
  }

  @Test
  void linesAreBrokenBetweenWords() {
    breaks("the sky is blue today", 12, "the sky is", "blue today");
    breaks("the sky\nis blue", 12, "the sky", "is blue");
    breaks("eleven char and", 12, "eleven char", "and");
    breaks("a  b   c    d", 6, "a  b", "c", "d");
  }

  @Test
  void aWordThatIsShownIsTakenBack() {
    WordWrap wrap = new WordWrap(() -> 12);
    assertEquals("the sky bl", wrap.show("the sky bl"));
    assertEquals("\033[2D\033[K\nblue", wrap.show("ue"));
    assertEquals(" today", wrap.show(" today"));
    assertEquals("the sky is \nblue", new WordWrap(() -> 12).show("the sky is blue"));
  }

  @Test
  void nothingIsHeldBack() {
    Random random = new Random(1);
    WordWrap wrap = new WordWrap(() -> 20);
    Screen screen = new Screen(20);
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < 2000; i++) {
      String piece = "ab cd\nefghijk 漢é".substring(0, 1 + random.nextInt(14));
      all.append(piece);
      screen.print(wrap.show(piece));
      String shown = String.join("", screen.lines()).replace(" ", "");
      assertEquals(all.toString().replace(" ", "").replace("\n", ""), shown);
    }
  }

  @Test
  void wideCharactersTakeTwoColumnsAndMayBeParted() {
    breaks("漢字漢字漢字", 8, "漢字漢", "字漢字");
    breaks("ab 漢字 cd", 8, "ab 漢字", "cd");
    breaks("漢字漢。字", 8, "漢字漢。", "字");
    breaks("go 🙂🙂🙂 on", 8, "go 🙂🙂", "🙂 on");
  }

  @Test
  void accentsTakeNoColumn() {
    String accented = "e\u0301e\u0301e\u0301 e\u0301e\u0301e\u0301 e\u0301e\u0301";
    breaks(accented, 8, accented.substring(0, 13), accented.substring(14));
  }

  @Test
  void whatIsLongerThanALineIsLeftToTheTerminal() {
    breaks("see abcdefghijklmnopqrstuv now", 8, "see", "abcdefgh", "ijklmnop", "qrstuv", "now");
    breaks("abcdefghijklmnop now", 8, "abcdefgh", "ijklmnop", "now");
    assertFalse(new WordWrap(() -> 8).show("abcdefghijklmnop").contains("\n"));
  }

  @Test
  void codeIsLeftToTheTerminal() {
    String code = "```java\nint a = 1; // one\n```\n";
    assertEquals(code + "a b c\nd e f", new WordWrap(() -> 6).show(code + "a b c d e f"));
    breaks("``` is a fence of `x`", 7, "``` is", "a", "fence", "of `x`");
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5, 9, 40})
  void noLineIsLongerThanATerminalOfAnyWidth(int columns) {
    String text = "It is said, that 漢字 may be é or e\u0301, and\tthat `code` is.\n\nYes ";
    for (String line : lines(text.repeat(3), columns, 3)) {
      assertTrue(line.codePoints().map(p -> Math.max(0, WCWidth.wcwidth(p))).sum() <= columns);
    }
  }

  @Test
  void theWidthMayChange() {
    int[] columns = {20};
    WordWrap wrap = new WordWrap(() -> columns[0]);
    assertEquals("the sky is", wrap.show("the sky is"));
    columns[0] = 11;
    // The word that the terminal may have moved is not taken back.
    assertEquals("\n", wrap.show(" blue").substring(0, 1));
    columns[0] = 0;
    assertEquals(" and nothing is broken", wrap.show(" and nothing is broken"));
  }

  @Test
  void styledPartsAreNotTakenBackTogether() {
    WordWrap wrap = new WordWrap(() -> 10);
    assertEquals("a bcd", wrap.show("a bcd"));
    wrap.cut();
    assertEquals("efgh", wrap.show("efgh"));
    assertEquals("\033[4D\033[K\nefghi", wrap.show("i"));
  }
}
