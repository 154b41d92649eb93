// Lexer: cuts a template into tokens: text, with Jinja's whitespace control, and tags.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.syntax;

import dev.gatun.text.jinja.Token.Kind;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * As Jinja2's lexer with {@code trim_blocks} (the newline after a block tag or comment goes) and
 * {@code lstrip_blocks} (blanks between the start of a line and a block tag or comment go). {@code
 * -} at a tag's side strips all whitespace there, {@code +} keeps it. One newline at the very end
 * of the source goes.
 */
final class Lexer {
  private static final String OPERATORS = "+-/*%~[](){}><=.:|,;";
  private static final String OPENING = "([{";
  private static final String CLOSING = ")]}";
  private static final Pattern RAW =
      Pattern.compile("\\{%[-+]?\\s*raw\\s*(-%}\\s*|%})", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern END_RAW =
      Pattern.compile(
          "\\{%([-+]?)\\s*endraw\\s*(\\+%}|-%}\\s*|%}\n?)", Pattern.UNICODE_CHARACTER_CLASS);

  private final String source;
  private final List<Token> tokens = new ArrayList<>();

  /** What closes the brackets that are open in the tag at hand. */
  private final Deque<Character> open = new ArrayDeque<>();

  private int pos;
  private int line = 1;
  private int counted;

  private Lexer(String source) {
    this.source = source;
  }

  static List<Token> tokens(String template) {
    String source = template.replace("\r\n", "\n").replace('\r', '\n');
    if (source.endsWith("\n")) {
      source = source.substring(0, source.length() - 1);
    }
    return new Lexer(source).run();
  }

  private List<Token> run() {
    while (pos < source.length()) {
      int tag = nextTag();
      if (tag < 0) {
        data(source.substring(pos));
        pos = source.length();
      } else {
        tag(tag);
      }
    }
    add(Kind.END, "");
    return tokens;
  }

  private int nextTag() {
    int at = source.indexOf('{', pos);
    while (at >= 0 && at + 1 < source.length()) {
      char next = source.charAt(at + 1);
      if (next == '{' || next == '%' || next == '#') {
        return at;
      }
      at = source.indexOf('{', at + 1);
    }
    return -1;
  }

  private void tag(int tag) {
    char type = source.charAt(tag + 1);
    char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
    boolean signed = sign == '-' || sign == '+';
    data(stripped(source.substring(pos, tag), sign, type == '{'));
    pos = tag;
    if (type == '%') {
      Matcher raw = RAW.matcher(source).region(tag, source.length());
      if (raw.lookingAt()) {
        raw(raw.end());
        return;
      }
    }
    pos = tag + (signed ? 3 : 2);
    switch (type) {
      case '#' -> comment();
      case '{' -> inside(Kind.VARIABLE_BEGIN, Kind.VARIABLE_END);
      default -> inside(Kind.BLOCK_BEGIN, Kind.BLOCK_END);
    }
  }

  /** The text before a tag, as the tag's sign and {@code lstrip_blocks} leave it. */
  private String stripped(String text, char sign, boolean variable) {
    if (sign == '-') {
      return Text.strip(text, Text::isSpace, false, true);
    }
    if (sign == '+' || variable) {
      return text;
    }
    int lineStart = text.lastIndexOf('\n') + 1;
    boolean atLineStart = lineStart > 0 || pos == 0 || source.charAt(pos - 1) == '\n';
    return atLineStart && text.substring(lineStart).chars().allMatch(Text::isSpace)
        ? text.substring(0, lineStart)
        : text;
  }

  private void raw(int begin) {
    pos = begin;
    Matcher end = END_RAW.matcher(source);
    if (!end.find(begin)) {
      throw syntax("Missing end of raw directive", lineAt(begin));
    }
    char sign = end.group(1).isEmpty() ? ' ' : end.group(1).charAt(0);
    data(stripped(source.substring(begin, end.start()), sign, false));
    pos = end.end();
  }

  private void comment() {
    int end = source.indexOf("#}", pos);
    if (end < 0) {
      throw syntax("Missing end of comment tag", lineAt(pos));
    }
    char sign = end > pos ? source.charAt(end - 1) : ' ';
    pos = end + 2;
    afterTag(sign);
  }

  private void inside(Kind begin, Kind end) {
    add(begin, source.substring(pos - 2, pos));
    String close = end == Kind.VARIABLE_END ? "}}" : "%}";
    open.clear();
    while (true) {
      skipSpace();
      if (pos >= source.length()) {
        return;
      }
      char sign = source.charAt(pos);
      boolean signed = sign == '-' || sign == '+' && end == Kind.BLOCK_END;
      // Only where every bracket is closed does a tag's end count as one.
      if (open.isEmpty() && source.startsWith(close, signed ? pos + 1 : pos)) {
        add(end, close);
        pos += signed ? 3 : 2;
        if (end == Kind.BLOCK_END || sign == '-') {
          afterTag(sign);
        }
        return;
      }
      tokens.add(next(lineAt(pos)));
    }
  }

  /** What {@code -}, {@code +} or {@code trim_blocks} does to the text that follows. */
  private void afterTag(char sign) {
    if (sign == '-') {
      skipSpace();
    } else if (sign != '+' && pos < source.length() && source.charAt(pos) == '\n') {
      pos++;
    }
  }

  private void data(String text) {
    if (!text.isEmpty()) {
      add(Kind.DATA, text);
    }
  }

  private void add(Kind kind, String text) {
    tokens.add(new Token(kind, text, text, lineAt(pos)));
  }

  private int lineAt(int offset) {
    for (; counted < offset; counted++) {
      if (source.charAt(counted) == '\n') {
        line++;
      }
    }
    return line;
  }

  private void skipSpace() {
    while (Text.isSpace(at(pos))) {
      pos++;
    }
  }

  private Token next(int line) {
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

  /** The character at an index, 0 behind the end. */
  private char at(int index) {
    return index < source.length() ? source.charAt(index) : 0;
  }

  /** The backslash sequences of a string literal, as Python reads them. */
  private static final class Escapes {
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
      out.append(c < 0x80 ? "\\" + (char) c : Repr.escape(c));
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
}
