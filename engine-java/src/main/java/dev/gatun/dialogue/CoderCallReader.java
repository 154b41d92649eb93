// CoderCallReader: Qwen3-Coder's calls: a tag for each parameter, its value as plain text.
package dev.gatun.dialogue;

import java.util.List;
import java.util.Map;

/** Makes JSON of the values, as the tool's schema types them. */
final class CoderCallReader extends CallReader {
  private static final String WRAPPER = "<tool_call>";
  private static final String FUNCTION = "<function=";
  private static final String PARAMETER = "<parameter=";
  private static final String END_OF_PARAMETER = "</parameter>";
  private static final String END_OF_FUNCTION = "</function>";
  private static final String END_OF_CALL = "</tool_call>";
  static final List<String> MARKERS = List.of(WRAPPER, END_OF_CALL);

  private static final int LONGEST_NAME = 256;

  // The closing tag of a value may lack; the next one's opening tag then begins a line.
  private static final List<String> ENDS_OF_VALUE =
      List.of(
          END_OF_PARAMETER,
          "\n" + END_OF_PARAMETER,
          "\n" + PARAMETER,
          "\n" + END_OF_FUNCTION + "\n" + END_OF_CALL,
          "\n" + END_OF_FUNCTION + END_OF_CALL);

  private enum State {
    TEXT,
    FUNCTION_NAME,
    PARAMETERS,
    PARAMETER_NAME,
    VALUE
  }

  private final Map<String, ParameterTypes> tools;
  private final MarkerWatch tags =
      new MarkerWatch(List.of(PARAMETER, END_OF_FUNCTION, END_OF_CALL), this::stray);
  private final MarkerWatch ends = new MarkerWatch(ENDS_OF_VALUE, this::valuePart);
  private final StringBuilder raw = new StringBuilder(); // of a call that is none yet
  private final StringBuilder name = new StringBuilder();
  private State state = State.TEXT;
  private ParameterTypes types = ParameterTypes.UNKNOWN;
  private ParameterTypes.Value value;
  private boolean first;

  /**
   * @param tools the parameters of each, by name
   */
  CoderCallReader(Map<String, ParameterTypes> tools, CallReader.Sink sink) {
    super(List.of(WRAPPER, FUNCTION, END_OF_FUNCTION, END_OF_CALL), sink);
    this.tools = tools;
  }

  @Override
  boolean inside() {
    return state != State.TEXT;
  }

  @Override
  void marker(String marker) {
    switch (marker) {
      case WRAPPER -> sink().wrapper(marker);
      case FUNCTION -> {
        raw.append(marker);
        begin(State.FUNCTION_NAME);
      }
      default -> closing(marker);
    }
  }

  @Override
  void take(char c) {
    switch (state) {
      case FUNCTION_NAME -> functionName(c);
      case PARAMETERS -> tags.push(c).ifPresent(this::tag);
      case PARAMETER_NAME -> parameterName(c);
      case VALUE -> ends.push(c).ifPresent(this::endValue);
      case TEXT -> throw new IllegalStateException();
    }
  }

  private void begin(State next) {
    state = next;
    name.setLength(0);
  }

  private void functionName(char c) {
    raw.append(c);
    if (c == '>' && !name.isEmpty()) {
      raw.setLength(0);
      types = tools.getOrDefault(name.toString(), ParameterTypes.UNKNOWN);
      first = true;
      state = State.PARAMETERS;
      sink().call("", name.toString());
      sink().arguments("{");
    } else if (c == '>' || c == '<' || c == '\n' || name.length() == LONGEST_NAME) {
      state = State.TEXT;
      giveBack(raw);
    } else {
      name.append(c);
    }
  }

  private void tag(String tag) {
    if (tag.equals(PARAMETER)) {
      begin(State.PARAMETER_NAME);
    } else {
      close();
    }
  }

  // Between parameters blanks are nothing; other text ends the call.
  private void stray(char c) {
    if (state == State.PARAMETERS && Character.isWhitespace(c)) {
      return;
    }
    if (state == State.PARAMETERS) {
      close();
    }
    push(c);
  }

  private void parameterName(char c) {
    if (c != '>') {
      name.append(c);
      return;
    }
    state = State.VALUE;
    value = types.value(name.toString());
    sink().arguments((first ? "" : ", ") + Json.quoted(name.toString()) + ": ");
    first = false;
  }

  private void valuePart(char c) {
    sink().arguments(value.push(c));
  }

  private void endValue(String end) {
    sink().arguments(value.finish());
    if (end.endsWith(PARAMETER)) {
      begin(State.PARAMETER_NAME);
    } else if (end.endsWith(END_OF_CALL)) {
      close();
    } else {
      state = State.PARAMETERS;
    }
  }

  private void close() {
    sink().arguments("}");
    leave();
  }

  private void leave() {
    state = State.TEXT;
    sink().end();
  }

  // A value that was cut off stays so: the caller must not take it for whole.
  @Override
  void finish() {
    super.finish();
    switch (state) {
      case TEXT -> {}
      case FUNCTION_NAME -> giveBack(raw);
      case PARAMETERS -> {
        tags.finish();
        super.finish();
        if (inside()) {
          leave();
        }
      }
      case PARAMETER_NAME -> leave();
      case VALUE -> {
        ends.finish();
        sink().arguments(value.rest());
        leave();
      }
    }
  }
}
