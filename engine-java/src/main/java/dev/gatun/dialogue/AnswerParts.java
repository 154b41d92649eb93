// AnswerParts: hands an answer's parts to a listener without tags and blank lines, and keeps them.
package dev.gatun.dialogue;

import dev.gatun.chat.AnswerListener;
import dev.gatun.dialogue.ThinkSplitter.Part;

/**
 * Thinking has no blanks at its ends, and an answer after thinking none at its beginning: there the
 * template puts its own. For one answer and one thread.
 */
public final class AnswerParts implements ThinkSplitter.Sink {
  private final AnswerListener listener;
  private final boolean whole;
  private final StringBuilder thinking = new StringBuilder();
  private final StringBuilder text = new StringBuilder();
  private String blanks = ""; // of the thinking, passed on with what follows them
  private boolean afterTag;

  /**
   * @param whole whether all is answer, tags and thinking too
   */
  public AnswerParts(AnswerListener listener, boolean whole) {
    this.listener = listener;
    this.whole = whole;
  }

  @Override
  public void accept(Part part, String piece) {
    if (whole || part == Part.ANSWER) {
      answer(piece);
    } else if (part == Part.TAG) {
      afterTag = true;
    } else {
      think(piece);
    }
  }

  @Override
  public void call(int index, String id, String name) {
    listener.toolCall(index, id, name);
  }

  @Override
  public void arguments(int index, String piece) {
    listener.toolArguments(index, piece);
  }

  public String thinking() {
    return thinking.toString();
  }

  public String text() {
    return text.toString();
  }

  private void answer(String piece) {
    String shown = afterTag ? piece.stripLeading() : piece;
    if (!shown.isEmpty()) {
      afterTag = false;
      text.append(shown);
      listener.text(shown);
    }
  }

  private void think(String piece) {
    String all = thinking.isEmpty() ? (blanks + piece).stripLeading() : blanks + piece;
    String shown = all.stripTrailing();
    blanks = all.substring(shown.length());
    if (!shown.isEmpty()) {
      thinking.append(shown);
      listener.thinking(shown);
    }
  }
}
