// Text: strings as Python sees them, sequences of code points.
package dev.gatun.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;

final class Text {
  private Text() {}

  static boolean isSpace(int c) {
    return c >= '\t' && c <= '\r'
        || c >= 0x1c && c <= ' '
        || c == 0x85
        || c == 0xa0
        || c > 0xa0 && (Character.isSpaceChar(c));
  }

  static boolean hasSurrogates(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        return true;
      }
    }
    return false;
  }

  static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  static List<String> characters(String text) {
    List<String> characters = new ArrayList<>(text.length());
    for (int i = 0; i < text.length(); ) {
      int next = text.offsetByCodePoints(i, 1);
      characters.add(text.substring(i, next));
      i = next;
    }
    return characters;
  }

  /** The code points at {@code start, start + step, …}, {@code count} of them. */
  static String slice(String text, long start, long step, int count) {
    if (!hasSurrogates(text)) {
      if (step == 1) {
        return text.substring((int) start, (int) start + count);
      }
      char[] out = new char[count];
      for (int i = 0; i < count; i++) {
        out[i] = text.charAt((int) (start + i * step));
      }
      return new String(out);
    }
    int[] points = text.codePoints().toArray();
    int[] out = new int[count];
    for (int i = 0; i < count; i++) {
      out[i] = points[(int) (start + i * step)];
    }
    return new String(out, 0, count);
  }

  static String strip(String text, IntPredicate strips, boolean left, boolean right) {
    int start = 0;
    int end = text.length();
    while (left && start < end && strips.test(text.codePointAt(start))) {
      start += Character.charCount(text.codePointAt(start));
    }
    while (right && end > start && strips.test(text.codePointBefore(end))) {
      end -= Character.charCount(text.codePointBefore(end));
    }
    return text.substring(start, end);
  }

  /**
   * str.split without a separator: on runs of whitespace, at most {@code limit} times from the
   * left; below 0 no limit.
   */
  static List<Object> words(String text, long limit) {
    List<Object> words = new ArrayList<>();
    int from = skip(text, 0, true);
    while (from < text.length()) {
      if (limit >= 0 && words.size() >= limit) {
        words.add(text.substring(from));
        break;
      }
      int end = skip(text, from, false);
      words.add(text.substring(from, end));
      from = skip(text, end, true);
    }
    return words;
  }

  private static int skip(String text, int from, boolean spaces) {
    int at = from;
    while (at < text.length() && isSpace(text.charAt(at)) == spaces) {
      at++;
    }
    return at;
  }

  /** str.split: at most {@code limit} cuts from the left; below 0 no limit. */
  static List<Object> split(String text, String separator, long limit) {
    List<Object> parts = new ArrayList<>();
    int from = 0;
    int at;
    while ((limit < 0 || parts.size() < limit) && (at = text.indexOf(separator, from)) >= 0) {
      parts.add(text.substring(from, at));
      from = at + separator.length();
    }
    parts.add(text.substring(from));
    return parts;
  }

  /** str.rsplit: at most {@code limit} cuts from the right; below 0 no limit. */
  static List<Object> splitFromRight(String text, String separator, long limit) {
    List<Object> parts = new ArrayList<>();
    int to = text.length();
    int at;
    while ((limit < 0 || parts.size() < limit)
        && (at = text.lastIndexOf(separator, to - separator.length())) >= 0
        && to >= separator.length()) {
      parts.add(text.substring(at + separator.length(), to));
      to = at;
    }
    parts.add(text.substring(0, to));
    return parts.reversed();
  }

  static List<Object> lines(String text, boolean keepEnds) {
    List<Object> lines = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= '\n' && c <= '\r'
          || c >= 0x1c && c <= 0x1e
          || c == 0x85
          || c == 0x2028
          || c == 0x2029) {
        int end = c == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n' ? i + 2 : i + 1;
        lines.add(text.substring(from, keepEnds ? end : i));
        from = end;
        i = end - 1;
      }
    }
    if (from < text.length()) {
      lines.add(text.substring(from));
    }
    return lines;
  }

  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = Character.charCount(text.codePointAt(0));
    return title(text.substring(0, first)) + text.substring(first).toLowerCase(Locale.ROOT);
  }

  /** str.title: a letter after a non-letter goes to title case, every other one to lower case. */
  static String title(String text) {
    StringBuilder out = new StringBuilder(text.length());
    boolean inWord = false;
    for (int c : text.codePoints().toArray()) {
      out.appendCodePoint(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
      inWord = Character.isLetter(c);
    }
    return out.toString();
  }

  static int count(String text, String needle) {
    if (needle.isEmpty()) {
      return length(text) + 1;
    }
    int count = 0;
    for (int at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + needle.length())) {
      count++;
    }
    return count;
  }

  /**
   * Whether the text has a character of the kind and none of its opposite, as str.islower and its
   * kin want.
   */
  static boolean cased(String text, IntPredicate kind, IntPredicate opposite) {
    return text.codePoints().anyMatch(kind) && text.codePoints().noneMatch(opposite);
  }
}
