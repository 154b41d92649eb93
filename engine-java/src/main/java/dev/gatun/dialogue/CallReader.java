// CallReader: finds tool calls in an answer's text, character by character.
package dev.gatun.dialogue;

import java.util.List;

/**
 * One for each way of writing calls. Where a text's cuts lie makes no difference. What begins like
 * a call and is none goes on as text. For one answer and one thread.
 */
abstract class CallReader {

  /** Where the parts go, in order. */
  interface Sink {
    /** A character of the answer's text. */
    void text(char c);

    /** A marker around calls: dropped where a call follows, text where other text does. */
    void wrapper(String marker);

    /** Whether nothing but blanks came since a call ended. */
    boolean afterCall();

    /** Drops those blanks: a marker closes the call after them. */
    void closed();

    /**
     * A call begins.
     *
     * @param id as the model wrote it; empty where its form has none
     */
    void call(String id, String name);

    /** A piece of the call's arguments. */
    void arguments(CharSequence piece);

    /** The call is whole, or goes no further. */
    void end();
  }

  private final Sink sink;
  private final MarkerWatch watch;

  /**
   * @param markers that matter outside of calls; none is the beginning of another
   */
  CallReader(List<String> markers, Sink sink) {
    this.sink = sink;
    this.watch = new MarkerWatch(markers, this::outside);
  }

  final Sink sink() {
    return sink;
  }

  /** The next character. */
  final void push(char c) {
    if (inside()) {
      take(c);
    } else {
      watch.push(c).ifPresent(this::marker);
    }
  }

  /** The text is over: what was held back was no call. */
  void finish() {
    watch.finish();
  }

  /** Gives back what looked like the beginning of a call. */
  final void giveBack(StringBuilder raw) {
    raw.chars().forEach(c -> sink.text((char) c));
    raw.setLength(0);
  }

  /** Drops a marker that ends a call, where one has just ended; else it is text. */
  final void closing(String marker) {
    if (sink.afterCall()) {
      sink.closed();
    } else {
      marker.chars().forEach(c -> sink.text((char) c));
    }
  }

  /** Whether the next character belongs to what may be a call. */
  abstract boolean inside();

  /** A character of what may be a call. */
  abstract void take(char c);

  /** One of the markers, outside of calls. */
  abstract void marker(String marker);

  /** A character outside of calls and markers. */
  void outside(char c) {
    sink.text(c);
  }
}
