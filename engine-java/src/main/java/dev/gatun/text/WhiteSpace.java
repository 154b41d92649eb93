// WhiteSpace: Unicode's White_Space characters, and the word characters beside them.
package dev.gatun.text;

/**
 * {@code Character.isWhitespace} leaves out the no-break spaces and takes in four separators; tokenizers follow Unicode's
 * property. All of its characters lie in the basic plane.
 */
final class WhiteSpace {
  private WhiteSpace() {}

  static boolean is(char c) {
    return c == ' ' || c >= '\t' && c <= '\r' || c == 0x85 || c >= 0x80 && Character.isSpaceChar(c);
  }

  /** Where the white space that starts at {@code from} ends. */
  static int end(String text, int from) {
    int end = from;
    while (end < text.length() && is(text.charAt(end))) {
      end++;
    }
    return end;
  }

  /** Where the white space that ends at {@code to} starts. */
  static int start(String text, int to) {
    int start = to;
    while (start > 0 && is(text.charAt(start - 1))) {
      start--;
    }
    return start;
  }

  /** Whether {@code c} is of those Unicode counts into words: letters, marks, digits, connectors and joiners. */
  static boolean isWord(int c) {
    return switch (Character.getType(c)) {
      case Character.NON_SPACING_MARK,
          Character.ENCLOSING_MARK,
          Character.COMBINING_SPACING_MARK,
          Character.DECIMAL_DIGIT_NUMBER,
          Character.CONNECTOR_PUNCTUATION ->
          true;
      default -> Character.isAlphabetic(c) || c == 0x200C || c == 0x200D;
    };
  }
}
