// AnswerWriter: streams an answer to standard output; on a terminal lines are broken between words
// and thinking is dimmed, or left out.
package dev.gatun.cli;

import dev.gatun.dialogue.ThinkSplitter;
import dev.gatun.dialogue.ThinkSplitter.Part;
import java.util.function.IntSupplier;

/** One answer. Without a terminal the model's text is written as it is, without styles. */
final class AnswerWriter implements ThinkSplitter.Sink {
  private static final String DIM = "\033[2m";
  private static final String UNDIM = "\033[22m";
  private static final String MARKER = DIM + "thinking…" + UNDIM;
  private static final String ERASE_LINE = "\r\033[K";

  private final Output out;
  private final boolean styled;
  private final boolean hideThinking;
  private final WordWrap wrap;
  private boolean dim;
  private boolean marked;
  private boolean skipBlank;
  private boolean atLineStart = true;

  /**
   * @param columns of the terminal at the moment; 0 for none, where text is written as it is
   */
  AnswerWriter(Output out, boolean styled, boolean hideThinking, IntSupplier columns) {
    this.out = out;
    this.wrap = new WordWrap(columns);
    this.styled = styled;
    this.hideThinking = hideThinking;
  }

  @Override
  public void accept(Part part, String text) {
    if (part != Part.ANSWER && hideThinking) {
      hide();
    } else {
      show(part, text);
    }
    out.flush();
  }

  /** Ends the answer with its line, whatever it stopped in. */
  void finish() {
    unmark();
    dim(false);
    if (!atLineStart) {
      out.print("\n");
    }
    out.flush();
  }

  private void hide() {
    skipBlank = true;
    if (styled && !marked) {
      marked = true;
      out.print(MARKER);
    }
  }

  private void show(Part part, String text) {
    // The blank lines between hidden thinking and the answer belong to the thinking.
    String shown = skipBlank ? text.stripLeading() : text;
    if (shown.isEmpty()) {
      return;
    }
    skipBlank = false;
    unmark();
    dim(part != Part.ANSWER);
    out.print(wrap.show(shown));
    atLineStart = shown.endsWith("\n");
  }

  private void unmark() {
    if (marked) {
      marked = false;
      out.print(ERASE_LINE);
      wrap.restart();
    }
  }

  private void dim(boolean wanted) {
    if (styled && dim != wanted) {
      dim = wanted;
      wrap.cut();
      out.print(wanted ? DIM : UNDIM);
    }
  }
}
