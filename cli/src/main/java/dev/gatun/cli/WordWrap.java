// WordWrap: breaks a terminal's lines between words, while the text streams in.
package dev.gatun.cli;

import java.util.function.IntSupplier;
import org.jline.utils.WCWidth;

/**
 * What comes is shown at once; a word that turns out to reach past the margin is taken back and
 * written again on the next line. The last column stays free, since terminals differ in where the
 * cursor is after it. Left to the terminal, so that they can be copied in one piece, are words
 * longer than a line and what stands between Markdown's code fences.
 */
final class WordWrap {
  private static final int WIDE = 2;
  private static final int TAB = 8;
  private static final int FENCE = 3;

  /** They end a clause of Chinese or Japanese, and begin no line. */
  private static final String WIDE_CLOSING = "、。，．！？：；」』）】〉》";

  private final IntSupplier columns;
  private final StringBuilder out = new StringBuilder();
  private int width;
  private int column;

  /** The word under way. */
  private final StringBuilder word = new StringBuilder();

  private int wordWidth;

  /** Columns of it that are on the screen; where none are, it begins in {@code out} at wordAt. */
  private int shownWidth;

  private int wordAt;
  private boolean longWord;

  private boolean inCode;
  private boolean atLineStart = true;
  private int fence;

  /**
   * @param columns of the terminal at the moment; 0 for no terminal, where nothing is broken
   */
  WordWrap(IntSupplier columns) {
    this.columns = columns;
  }

  /** A whole text at once: no cursor moves. */
  static String broken(String text, int columns) {
    return new WordWrap(() -> columns).show(text);
  }

  /** What to write for {@code text}, which follows what came before. */
  String show(String text) {
    resize(columns.getAsInt());
    out.setLength(0);
    shownWidth = wordWidth;
    wordAt = 0;
    text.codePoints().forEach(this::put);
    return out.toString();
  }

  /** What follows is not taken back together with what was shown: its style is another. */
  void cut() {
    if (longWord) {
      column = column % width == 0 ? width : column % width;
      longWord = false;
    }
    word.setLength(0);
    wordWidth = 0;
    shownWidth = 0;
  }

  /** The cursor was put to the start of the line. */
  void restart() {
    cut();
    column = 0;
  }

  // The terminal has laid its lines out anew; a word it may have broken is not taken back.
  private void resize(int now) {
    if (now != width) {
      cut();
      width = now;
      column = width > 0 ? column % width : 0;
    }
  }

  private void put(int point) {
    if (point == '\n') {
      restart();
      out.append('\n');
      inCode ^= fence >= FENCE;
      fence = 0;
      atLineStart = true;
      return;
    }
    lookForFence(point);
    if (width <= 1 || inCode) {
      out.appendCodePoint(point);
    } else if (point == ' ' || point == '\t') {
      blank(point);
    } else if (WCWidth.wcwidth(point) == WIDE) {
      wide(point);
    } else {
      narrow(point, Math.max(0, WCWidth.wcwidth(point)));
    }
  }

  // A line that begins with three or more backticks or tildes opens or closes a block of code;
  // backticks later in it make them a part of a sentence.
  private void lookForFence(int point) {
    boolean mark = point == '`' || point == '~';
    if (atLineStart && mark) {
      fence++;
    } else if (!atLineStart && point == '`') {
      fence = 0;
    } else if (point != ' ' || fence > 0) {
      atLineStart = false;
    }
  }

  private void blank(int point) {
    cut();
    int next = point == ' ' ? column + 1 : (column / TAB + 1) * TAB;
    if (next < width) {
      out.appendCodePoint(point);
      column = next;
    } else {
      column = Math.max(column, width - 1); // the break stands for it
    }
  }

  // Between two of them a line may be broken.
  private void wide(int point) {
    cut();
    int margin = WIDE_CLOSING.indexOf(point) < 0 ? width - 1 : width;
    if (column + WIDE > margin) {
      out.append('\n');
      column = 0;
    }
    out.appendCodePoint(point);
    column += WIDE;
  }

  private void narrow(int point, int columnsOfPoint) {
    if (!longWord && column + columnsOfPoint >= width) {
      if (column > wordWidth && wordWidth + columnsOfPoint < width) {
        toNextLine();
      } else {
        longWord = columnsOfPoint > 0;
      }
    }
    if (columnsOfPoint > 0 || !word.isEmpty()) { // an accent belongs to the letter before it
      wordAt = word.isEmpty() ? out.length() : wordAt;
      word.appendCodePoint(point);
    }
    wordWidth += columnsOfPoint;
    column += columnsOfPoint;
    out.appendCodePoint(point);
  }

  private void toNextLine() {
    if (shownWidth == 0) {
      out.insert(word.isEmpty() ? out.length() : wordAt++, '\n');
    } else {
      out.setLength(0); // it held no more than the rest of the word
      out.append("\033[").append(shownWidth).append("D\033[K\n").append(word);
      wordAt = 1 + out.lastIndexOf("\n");
      shownWidth = 0;
    }
    column = wordWidth;
  }
}
