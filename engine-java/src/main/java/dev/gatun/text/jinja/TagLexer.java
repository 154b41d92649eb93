// TagLexer: names, numbers, strings and operators inside one tag.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.syntax;

import dev.gatun.text.jinja.Token.Kind;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.Deque;

final class TagLexer {
  private static final String OPERATORS = "+-/*%~[](){}><=.:|,;";
  private static final String OPENING = "([{";
  private static final String CLOSING = ")]}";

  private final String source;
  private final Deque<Character> open = new ArrayDeque<>();
  private int pos;

  TagLexer(String source, int pos) {
    this.source = source;
    this.pos = pos;
  }

  /** Whether every bracket is closed: only then does a tag's end count as one. */
  boolean balanced() {
    return open.isEmpty();
  }

  int skipSpace() {
    while (Text.isSpace(at(pos))) {
      pos++;
    }
    return pos;
  }

  Token next(int line) {
    char c = at(pos);
    if (digit(c, 10)) {
      return number(line);
    }
    if (Character.isUnicodeIdentifierStart(c) || c == '_') {
      int start = pos;
      while (Character.isUnicodeIdentifierPart(at(pos)) && at(pos) != 0) {
        pos++;
      }
      return token(Kind.NAME, start, line);
    }
    return c == '"' || c == '\'' ? string(c, line) : operator(line);
  }

  private Token operator(int line) {
    int start = pos;
    char c = at(pos);
    boolean twice = (c == '/' || c == '*') && at(pos + 1) == c;
    boolean equal = "=!<>".indexOf(c) >= 0 && at(pos + 1) == '=';
    if (OPERATORS.indexOf(c) < 0 && !equal) {
      throw syntax("unexpected char " + Repr.quoted(String.valueOf(c)), line);
    }
    pos += twice || equal ? 2 : 1;
    if (OPENING.indexOf(c) >= 0) {
      open.push(CLOSING.charAt(OPENING.indexOf(c)));
    } else if (CLOSING.indexOf(c) >= 0) {
      if (open.isEmpty()) {
        throw syntax("unexpected '" + c + "'", line);
      }
      char expected = open.pop();
      if (c != expected) {
        throw syntax("unexpected '" + c + "', expected '" + expected + "'", line);
      }
    }
    return token(Kind.OPERATOR, start, line);
  }

  private Token number(int line) {
    int start = pos;
    int radix = "xX".indexOf(at(pos + 1)) >= 0 ? 16 : "oO".indexOf(at(pos + 1)) >= 0 ? 8 : 2;
    if (at(pos) == '0' && "xXoObB".indexOf(at(pos + 1)) >= 0 && digit(at(pos + 2), radix)) {
      pos = digits(pos + 2, radix);
      return integer(start, source.substring(start + 2, pos), radix, line);
    }
    int end = digits(pos, 10);
    int whole = end;
    if (start == 0 || source.charAt(start - 1) != '.') {
      if (at(end) == '.' && digit(at(end + 1), 10)) {
        end = digits(end + 1, 10);
      }
      int exponent = end + ("+-".indexOf(at(end + 1)) >= 0 ? 2 : 1);
      if ((at(end) == 'e' || at(end) == 'E') && digit(at(exponent), 10)) {
        end = digits(exponent, 10);
      }
    }
    if (end > whole) {
      pos = end;
      String text = source.substring(start, end);
      return new Token(Kind.FLOAT, text, Double.parseDouble(text.replace("_", "")), line);
    }
    if (at(start) == '0') {
      for (whole = start; at(whole) == '0'; whole++) {}
    }
    pos = whole;
    return integer(start, source.substring(start, whole), 10, line);
  }

  private Token integer(int start, String digits, int radix, int line) {
    if (digits.length() > Numbers.MAX_DIGITS) {
      throw syntax("a number of " + digits.length() + " digits", line);
    }
    Object value = Numbers.narrow(new BigInteger(digits.replace("_", ""), radix));
    return new Token(Kind.INTEGER, source.substring(start, pos), value, line);
  }

  private int digits(int from, int radix) {
    int end = from;
    while (digit(at(end), radix) || at(end) == '_' && digit(at(end + 1), radix)) {
      end++;
    }
    return end;
  }

  private static boolean digit(char c, int radix) {
    return c < 128 && Character.digit(c, radix) >= 0;
  }

  private Token string(char quote, int line) {
    int start = ++pos;
    while (at(pos) != quote) {
      if (pos >= source.length()) {
        throw syntax(
            "unexpected char " + Repr.quoted(String.valueOf(quote)) + ": the string has no end",
            line);
      }
      pos += at(pos) == '\\' ? 2 : 1;
    }
    String value = Escapes.decode(source.substring(start, pos), line);
    pos++;
    return new Token(Kind.STRING, value, value, line);
  }

  private Token token(Kind kind, int start, int line) {
    String text = source.substring(start, pos);
    return new Token(kind, text, text, line);
  }

  private char at(int index) {
    return index < source.length() ? source.charAt(index) : 0;
  }
}
