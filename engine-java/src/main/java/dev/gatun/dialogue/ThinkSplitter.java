// ThinkSplitter: tells a reasoning model's thinking from its answer while the text streams in.
package dev.gatun.dialogue;

/**
 * Thinking is what stands between {@code <think>} and {@code </think>}. The opening tag counts only
 * before anything else was said, or where the prompt has opened it already; after the closing tag,
 * the prompt's too, all is answer, so an answer may speak about the tags. A tag may arrive in any
 * number of pieces.
 */
public final class ThinkSplitter {
  public static final String OPEN = "<think>";
  public static final String CLOSE = "</think>";

  /** What a text is. */
  public enum Part {
    /** A tag, with the blanks before the opening one. */
    TAG,
    THINKING,
    ANSWER
  }

  /** Where the parts go, in order; never an empty text. */
  public interface Sink {
    void accept(Part part, String text);

    /** The beginning of the answer's tool call {@code index}; where {@link CallSplitter} looks. */
    default void call(int index, String id, String name) {}

    /** The next piece of its arguments, never empty. */
    default void arguments(int index, String piece) {}
  }

  private enum State {
    START,
    THINKING,
    ANSWER
  }

  private final Sink sink;
  private final StringBuilder held = new StringBuilder();
  private State state;

  /** {@code prompt} is the rendered prompt, whose end may have opened or closed the thinking. */
  public ThinkSplitter(String prompt, Sink sink) {
    boolean closed = prompt.stripTrailing().endsWith(CLOSE);
    this.state = opensThinking(prompt) ? State.THINKING : closed ? State.ANSWER : State.START;
    this.sink = sink;
  }

  /** True where the prompt ends in an opening tag, so that the model's first word is a thought. */
  public static boolean opensThinking(String prompt) {
    return prompt.stripTrailing().endsWith(OPEN);
  }

  /** Whether {@code text} is one of the two tags. */
  static boolean isTag(String text) {
    return text.equals(OPEN) || text.equals(CLOSE);
  }

  /** Whether what comes next is thinking, or the tag that closes it. */
  public boolean isThinking() {
    return state == State.THINKING;
  }

  public void push(String text) {
    held.append(text);
    if (state == State.START) {
      start();
    }
    if (state == State.THINKING) {
      thinking();
    }
    if (state == State.ANSWER) {
      emit(Part.ANSWER, held.length());
    }
  }

  /** The text is over: what was held back as a possible tag was none. */
  public void finish() {
    emit(state == State.THINKING ? Part.THINKING : Part.ANSWER, held.length());
  }

  private void start() {
    String said = held.toString().stripLeading();
    if (said.startsWith(OPEN)) {
      state = State.THINKING;
      emit(Part.TAG, held.indexOf(OPEN) + OPEN.length());
    } else if (!OPEN.startsWith(said)) {
      state = State.ANSWER;
    }
  }

  private void thinking() {
    int close = held.indexOf(CLOSE);
    if (close >= 0) {
      emit(Part.THINKING, close);
      emit(Part.TAG, CLOSE.length());
      state = State.ANSWER;
    } else {
      emit(Part.THINKING, held.length() - Overlap.length(held, CLOSE));
    }
  }

  private void emit(Part part, int length) {
    if (length > 0) {
      String text = held.substring(0, length);
      held.delete(0, length);
      sink.accept(part, text);
    }
  }
}
