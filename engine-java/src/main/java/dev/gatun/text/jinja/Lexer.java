// Lexer: cuts a template's source into text and tags, with Jinja's whitespace control.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.syntax;

import dev.gatun.text.jinja.Token.Kind;
import java.util.ArrayList;
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
  private static final Pattern RAW =
      Pattern.compile("\\{%[-+]?\\s*raw\\s*(-%}\\s*|%})", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern END_RAW =
      Pattern.compile(
          "\\{%([-+]?)\\s*endraw\\s*(\\+%}|-%}\\s*|%}\n?)", Pattern.UNICODE_CHARACTER_CLASS);

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
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
    TagLexer tag = new TagLexer(source, pos);
    while (true) {
      pos = tag.skipSpace();
      if (pos >= source.length()) {
        return;
      }
      char sign = source.charAt(pos);
      boolean signed = sign == '-' || sign == '+' && end == Kind.BLOCK_END;
      if (tag.balanced() && source.startsWith(close, signed ? pos + 1 : pos)) {
        add(end, close);
        pos += signed ? 3 : 2;
        if (end == Kind.BLOCK_END || sign == '-') {
          afterTag(sign);
        }
        return;
      }
      tokens.add(tag.next(lineAt(pos)));
    }
  }

  /** What {@code -}, {@code +} or {@code trim_blocks} does to the text that follows. */
  private void afterTag(char sign) {
    if (sign == '-') {
      while (pos < source.length() && Text.isSpace(source.charAt(pos))) {
        pos++;
      }
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
}
