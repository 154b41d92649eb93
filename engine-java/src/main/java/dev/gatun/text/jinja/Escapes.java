// Escapes: the backslash sequences of a string literal, as Python reads them.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.syntax;

import java.util.Locale;

final class Escapes {
  private static final String SIMPLE = "ntrbfav\\'\"";
  private static final String MEANS = "\n\t\r\b\f\u0007\u000b\\'\"";

  private Escapes() {}

  /** An unknown sequence keeps its backslash; a backslash before a newline joins the lines. */
  static String decode(String raw, int line) {
    if (raw.indexOf('\\') < 0) {
      return raw;
    }
    StringBuilder out = new StringBuilder(raw.length());
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c == '\\' && i + 1 < raw.length()) {
        i = sequence(raw, i + 1, out, line);
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  /**
   * Decodes the sequence whose letter is at {@code at}; returns the index of its last character.
   */
  private static int sequence(String raw, int at, StringBuilder out, int line) {
    char c = raw.charAt(at);
    int simple = SIMPLE.indexOf(c);
    if (simple >= 0) {
      out.append(MEANS.charAt(simple));
      return at;
    }
    return switch (c) {
      case '\n' -> at;
      case 'x' -> codePoint(raw, at + 1, at + 3, out, line);
      case 'u' -> codePoint(raw, at + 1, at + 5, out, line);
      case 'U' -> codePoint(raw, at + 1, at + 9, out, line);
      case '0', '1', '2', '3', '4', '5', '6', '7' -> octal(raw, at, out);
      default -> unknown(raw, at, out);
    };
  }

  /**
   * Jinja2 spells non-ASCII characters out before it decodes, so a backslash meets the spelling.
   */
  private static int unknown(String raw, int at, StringBuilder out) {
    int c = raw.codePointAt(at);
    out.append('\\');
    if (c < 0x80) {
      out.append((char) c);
    } else {
      String form = c < 0x100 ? "x%02x" : c < 0x10000 ? "u%04x" : "U%08x";
      out.append(String.format(Locale.ROOT, form, c));
    }
    return at + Character.charCount(c) - 1;
  }

  private static int codePoint(String raw, int from, int to, StringBuilder out, int line) {
    try {
      out.appendCodePoint(Integer.parseUnsignedInt(raw.substring(from, to), 16));
      return to - 1;
    } catch (IllegalArgumentException | IndexOutOfBoundsException broken) {
      throw syntax("a truncated or unknown escape in the string " + Repr.quoted(raw), line);
    }
  }

  private static int octal(String raw, int from, StringBuilder out) {
    int end = from;
    int value = 0;
    while (end < raw.length()
        && end < from + 3
        && raw.charAt(end) >= '0'
        && raw.charAt(end) <= '7') {
      value = value * 8 + raw.charAt(end++) - '0';
    }
    out.append((char) value);
    return end - 1;
  }
}
