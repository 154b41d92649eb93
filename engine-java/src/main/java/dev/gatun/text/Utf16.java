// Utf16: surrogates without their partner.
package dev.gatun.text;

final class Utf16 {
  private Utf16() {}

  /** {@code text} with every lone surrogate replaced by U+FFFD, {@code text} itself where there is none. */
  static String repaired(String text) {
    int lone = lone(text, 0);
    if (lone == text.length()) {
      return text;
    }
    char[] chars = text.toCharArray();
    for (; lone < chars.length; lone = lone(text, lone + 1)) {
      chars[lone] = '\uFFFD';
    }
    return new String(chars);
  }

  // The first lone surrogate at or after from, which is not inside a pair; or the end of text.
  private static int lone(String text, int from) {
    int at = from;
    while (at < text.length()) {
      int c = text.codePointAt(at);
      if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
        return at;
      }
      at += Character.charCount(c);
    }
    return text.length();
  }
}
