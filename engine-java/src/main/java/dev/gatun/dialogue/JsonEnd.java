// JsonEnd: finds where a JSON object ends while its text comes character by character.
package dev.gatun.dialogue;

/**
 * Counts braces and brackets outside of strings. It does not check the rest: what a model wrote
 * goes to the caller as it is.
 */
final class JsonEnd {
  private int depth;
  private boolean inString;
  private boolean escaped;

  /** What a character is to the object. */
  enum Step {
    /** A part of it. */
    INSIDE,
    /** Its last brace. */
    LAST,
    /** No part of any JSON: the object is broken off before it. */
    OUTSIDE
  }

  /** The next character, from the first brace on; none after the last. */
  Step push(char c) {
    if (inString) {
      inString = escaped || c != '"';
      escaped = !escaped && c == '\\';
      return Step.INSIDE;
    }
    switch (c) {
      case '"' -> inString = true;
      case '{', '[' -> depth++;
      case '}', ']' -> depth--;
      case '<', '`' -> {
        return Step.OUTSIDE;
      }
      default -> {}
    }
    return depth == 0 ? Step.LAST : Step.INSIDE;
  }
}
