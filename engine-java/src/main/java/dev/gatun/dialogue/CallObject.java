// CallObject: a call written as one JSON object, read while it comes.
package dev.gatun.dialogue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;
import java.util.function.Predicate;

/**
 * {@code {"name": …, "arguments": {…}}}, in any order, with {@code parameters} as another word for
 * the arguments, which may be the JSON text of an object in a string. The arguments' text is handed
 * over as it stands.
 */
final class CallObject {
  private static final Set<String> ARGUMENTS = Set.of("arguments", "parameters");

  /** What a character made of the object. */
  enum Step {
    /** More is to come. */
    MORE,
    /** It was its last. */
    DONE,
    /** It belongs to no call; it is not taken. */
    BROKEN
  }

  private enum State {
    OBJECT,
    MEMBER,
    KEY,
    COLON,
    VALUE,
    STRING,
    SCALAR,
    NESTED,
    NEXT
  }

  private final Predicate<String> names;
  private final Predicate<String> otherKeys;
  private final StringBuilder token = new StringBuilder(); // a key or a value, as it is written
  private final StringBuilder arguments = new StringBuilder();
  private State state = State.OBJECT;
  private boolean escaped;
  private JsonEnd nested = new JsonEnd();
  private String key = "";
  private String name = "";
  private boolean hasArguments;

  /**
   * @param names that a call may have
   * @param otherKeys that the object may have beside name and arguments; what they hold is dropped
   */
  CallObject(Predicate<String> names, Predicate<String> otherKeys) {
    this.names = names;
    this.otherKeys = otherKeys;
  }

  /** What is called; empty as long as it is not known. */
  String name() {
    return name;
  }

  /** Whether the arguments have begun. */
  boolean hasArguments() {
    return hasArguments;
  }

  /** What came of the arguments since the last time. */
  String takeArguments() {
    String taken = arguments.toString();
    arguments.setLength(0);
    return taken;
  }

  Step push(char c) {
    boolean skips = state != State.KEY && state != State.STRING && state != State.NESTED;
    if (skips && state != State.SCALAR && Character.isWhitespace(c)) {
      return Step.MORE;
    }
    return switch (state) {
      case OBJECT -> step(c == '{', State.MEMBER);
      case MEMBER -> c == '}' ? Step.DONE : begin(c, c == '"', State.KEY);
      case KEY -> quoted(c) ? endKey() : Step.MORE;
      case COLON -> step(c == ':', State.VALUE);
      case VALUE -> value(c);
      case STRING -> quoted(c) ? endString() : Step.MORE;
      case SCALAR -> scalar(c);
      case NESTED -> nested(c);
      case NEXT -> c == '}' ? Step.DONE : step(c == ',', State.MEMBER);
    };
  }

  private Step step(boolean fits, State next) {
    if (!fits) {
      return Step.BROKEN;
    }
    state = next;
    return Step.MORE;
  }

  private Step begin(char c, boolean fits, State next) {
    token.setLength(0);
    token.append(c);
    return step(fits, next);
  }

  /** Takes a character of a quoted text; whether it was the last. */
  private boolean quoted(char c) {
    token.append(c);
    boolean last = c == '"' && !escaped;
    escaped = !escaped && c == '\\';
    return last;
  }

  private Step endKey() {
    key = text(token.toString());
    boolean again = ARGUMENTS.contains(key) ? hasArguments : key.equals("name") && !name.isEmpty();
    boolean known = ARGUMENTS.contains(key) || key.equals("name");
    if (again) {
      key = "";
    }
    return step(!again && known || otherKeys.test(key), State.COLON);
  }

  private Step value(char c) {
    if (c == '"') {
      return begin(c, true, State.STRING);
    }
    if (c == '{' || c == '[') {
      if (ARGUMENTS.contains(key) && c == '[') {
        return Step.BROKEN;
      }
      hasArguments |= ARGUMENTS.contains(key);
      nested = new JsonEnd();
      state = State.NESTED;
      return nested(c);
    }
    return begin(c, scalarPart(c), State.SCALAR);
  }

  private Step endString() {
    String text = text(token.toString());
    if (key.equals("name")) {
      name = text;
      return step(!name.isEmpty() && names.test(name), State.NEXT);
    }
    if (ARGUMENTS.contains(key)) {
      hasArguments = true;
      arguments.append(text);
      return step(isObject(text), State.NEXT);
    }
    return step(true, State.NEXT);
  }

  private Step scalar(char c) {
    if (scalarPart(c)) {
      token.append(c);
      return Step.MORE;
    }
    if (key.equals("name") || ARGUMENTS.contains(key) && !token.toString().equals("null")) {
      return Step.BROKEN;
    }
    state = State.NEXT;
    return push(c);
  }

  private Step nested(char c) {
    JsonEnd.Step step = nested.push(c);
    if (step == JsonEnd.Step.OUTSIDE || key.equals("name")) {
      return Step.BROKEN;
    }
    if (ARGUMENTS.contains(key)) {
      arguments.append(c);
    }
    return step(true, step == JsonEnd.Step.LAST ? State.NEXT : State.NESTED);
  }

  private static boolean scalarPart(char c) {
    return Character.isLetterOrDigit(c) || c == '-' || c == '+' || c == '.';
  }

  /** What a quoted text says; empty where its escapes are none. */
  private static String text(String quoted) {
    return Json.read(quoted).map(JsonNode::asText).orElse("");
  }

  private static boolean isObject(String text) {
    return Json.read(text).filter(JsonNode::isObject).isPresent();
  }
}
