// MarkedCallReader: calls between markers, the name before a JSON object of arguments: DeepSeek's
// and Kimi's.
package dev.gatun.dialogue;

import java.util.regex.Matcher;

final class MarkedCallReader extends CallReader {
  private static final int LONGEST_HEAD = 512;

  private enum State {
    TEXT,
    HEAD,
    ARGUMENTS
  }

  private final CallMarks marks;
  private final StringBuilder raw = new StringBuilder(); // of a call that is none yet
  private State state = State.TEXT;
  private JsonEnd end = new JsonEnd();

  MarkedCallReader(CallMarks marks, CallReader.Sink sink) {
    super(marks.outside(), sink);
    this.marks = marks;
  }

  @Override
  boolean inside() {
    return state != State.TEXT;
  }

  @Override
  void marker(String marker) {
    if (marker.equals(marks.call().open())) {
      raw.append(marker);
      state = State.HEAD;
    } else if (marker.equals(marks.section().open())) {
      sink().wrapper(marker);
    } else {
      closing(marker);
    }
  }

  @Override
  void take(char c) {
    if (state == State.HEAD) {
      head(c);
    } else {
      arguments(c);
    }
  }

  private void head(char c) {
    raw.append(c);
    boolean closed = raw.toString().endsWith(marks.call().close());
    if (c != '{' && !closed && raw.length() < LONGEST_HEAD) {
      return;
    }
    int length = raw.length() - (closed ? marks.call().close().length() : 1);
    int start = marks.call().open().length();
    Matcher head = marks.head().matcher(raw.substring(start, Math.max(start, length)));
    if (!head.matches() || raw.length() >= LONGEST_HEAD) {
      state = State.TEXT;
      giveBack(raw);
      return;
    }
    raw.setLength(0);
    sink().call(head.namedGroups().containsKey("id") ? head.group("id") : "", head.group("name"));
    if (closed) {
      sink().arguments("{}");
      leave();
    } else {
      state = State.ARGUMENTS;
      end = new JsonEnd();
      arguments(c);
    }
  }

  private void arguments(char c) {
    JsonEnd.Step step = end.push(c);
    if (step == JsonEnd.Step.OUTSIDE) {
      leave();
      push(c);
      return;
    }
    sink().arguments(String.valueOf(c));
    if (step == JsonEnd.Step.LAST) {
      leave();
    }
  }

  private void leave() {
    state = State.TEXT;
    sink().end();
  }

  @Override
  void finish() {
    super.finish();
    if (state == State.HEAD) {
      giveBack(raw);
    } else if (state == State.ARGUMENTS) {
      leave();
    }
  }
}
