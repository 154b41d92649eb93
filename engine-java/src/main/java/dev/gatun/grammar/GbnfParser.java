// GbnfParser: reads llama.cpp's notation of grammars.
package dev.gatun.grammar;

import dev.gatun.refusal.Refusal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads what llama.cpp's {@code grammars/README.md} describes, but for tokens ({@code <think>},
 * {@code <[1000]>}), which are refused. A rule ends with its line, except inside parentheses and
 * behind {@code ::=} and {@code |}.
 */
final class GbnfParser {
  private static final int DEEPEST = 100;
  private static final int MOST_REPETITIONS = 2_000; // as llama.cpp has it

  private final String text;
  private int at;
  private int depth;

  private GbnfParser(String text) {
    this.text = text;
  }

  /** The rules by name; each that is named is there, and so is {@code root}. */
  static Map<String, GbnfNode> rules(String grammar) {
    Map<String, GbnfNode> rules = new GbnfParser(grammar).rules();
    require(rules, "root", "has no rule \"root\"");
    for (GbnfNode node : rules.values()) {
      node.names().forEach(name -> require(rules, name, "names the rule \"" + name + "\""));
    }
    return rules;
  }

  private static void require(Map<String, GbnfNode> rules, String name, String what) {
    if (!rules.containsKey(name)) {
      throw Refusal.usage("the grammar " + what, "define it: " + name + " ::= ...");
    }
  }

  private Map<String, GbnfNode> rules() {
    Map<String, GbnfNode> rules = new LinkedHashMap<>();
    skipSpace(true);
    while (at < text.length()) {
      String name = name();
      skipSpace(false);
      expect("::=");
      skipSpace(true);
      if (rules.put(name, alternatives(false)) != null) {
        throw refused("the rule \"" + name + "\" for the second time");
      }
      if (at < text.length() && !isNewline()) {
        throw refused(shown() + ", expected the end of the line");
      }
      skipSpace(true);
    }
    return rules;
  }

  private GbnfNode alternatives(boolean nested) {
    List<GbnfNode> cases = new ArrayList<>();
    cases.add(sequence(nested));
    while (peek() == '|') {
      at++;
      skipSpace(true);
      cases.add(sequence(nested));
    }
    return cases.size() == 1 ? cases.getFirst() : new GbnfNode.Alternatives(cases);
  }

  private GbnfNode sequence(boolean nested) {
    List<GbnfNode> parts = new ArrayList<>();
    while (true) {
      int next = peek();
      if (next == -1 || next == '|' || next == ')' || isNewline()) {
        return parts.size() == 1 ? parts.getFirst() : new GbnfNode.Sequence(parts);
      }
      GbnfNode part = part();
      skipSpace(nested);
      while (peek() == '*' || peek() == '+' || peek() == '?' || peek() == '{') {
        part = repetition(part);
        skipSpace(nested);
      }
      parts.add(part);
    }
  }

  private GbnfNode part() {
    int next = peek();
    if (next == '"') {
      return literal();
    }
    if (next == '[') {
      return characters();
    }
    if (next == '(') {
      return group();
    }
    if (next == '.') {
      at++;
      return new GbnfNode.Characters(true, List.of());
    }
    if (next == '<' || next == '!') {
      throw refused("a token, which is not supported; write its text");
    }
    return new GbnfNode.Rule(name());
  }

  private GbnfNode group() {
    if (++depth > DEEPEST) {
      throw refused("parentheses more than " + DEEPEST + " deep");
    }
    at++;
    skipSpace(true);
    GbnfNode inside = alternatives(true);
    expect(")");
    depth--;
    return inside;
  }

  private GbnfNode repetition(GbnfNode part) {
    char kind = text.charAt(at++);
    if (kind != '{') {
      return new GbnfNode.Repetition(part, kind == '+' ? 1 : 0, kind == '?' ? 1 : -1);
    }
    skipSpace(false);
    int least = number();
    int most = least;
    skipSpace(false);
    if (peek() == ',') {
      at++;
      skipSpace(false);
      most = Character.isDigit(peek()) ? number() : -1;
      skipSpace(false);
    }
    expect("}");
    if (most >= 0 && most < least) {
      throw refused("a repetition of " + least + " to " + most);
    }
    return new GbnfNode.Repetition(part, least, most);
  }

  private int number() {
    int from = at;
    while (peek() >= '0' && peek() <= '9') {
      at++;
    }
    if (at == from) {
      throw refused(shown() + ", expected a number");
    }
    if (at - from > 4 || Integer.parseInt(text, from, at, 10) > MOST_REPETITIONS) {
      throw refused("a repetition of more than " + MOST_REPETITIONS);
    }
    return Integer.parseInt(text, from, at, 10);
  }

  private GbnfNode literal() {
    at++;
    StringBuilder literal = new StringBuilder();
    while (peek() != '"') {
      literal.appendCodePoint(character("\""));
    }
    at++;
    return new GbnfNode.Literal(literal.toString());
  }

  private GbnfNode characters() {
    at++;
    boolean negated = peek() == '^';
    at += negated ? 1 : 0;
    List<int[]> ranges = new ArrayList<>();
    while (peek() != ']') {
      int first = character("]");
      int last = first;
      if (peek() == '-' && !text.startsWith("-]", at)) {
        at++;
        last = character("]");
      }
      if (last < first) {
        throw refused("a range whose end is before its beginning");
      }
      ranges.add(new int[] {first, last});
    }
    at++;
    if (ranges.isEmpty() && !negated) {
      throw refused("an empty set of characters");
    }
    return new GbnfNode.Characters(negated, ranges);
  }

  private int character(String closing) {
    if (at == text.length()) {
      throw refused("the end of the grammar, expected " + closing);
    }
    int point = text.codePointAt(at);
    at += Character.charCount(point);
    if (point != '\\') {
      return point;
    }
    int kind = peek();
    at++;
    return switch (kind) {
      case 'x' -> hex(2);
      case 'u' -> hex(4);
      case 'U' -> hex(8);
      case 't' -> '\t';
      case 'r' -> '\r';
      case 'n' -> '\n';
      case '\\', '"', '[', ']' -> kind;
      default -> {
        at--;
        throw refused("an unknown escape before " + shown());
      }
    };
  }

  private int hex(int digits) {
    try {
      int point = Integer.parseUnsignedInt(text, at, at + digits, 16);
      if (!Character.isValidCodePoint(point)
          || Character.getType(point) == Character.SURROGATE
          || text.charAt(at) == '+') {
        throw refused("an escape of no character");
      }
      at += digits;
      return point;
    } catch (NumberFormatException | IndexOutOfBoundsException e) {
      throw refused("an escape without its " + digits + " hexadecimal digits");
    }
  }

  private String name() {
    int from = at;
    while (isNameCharacter(peek())) {
      at++;
    }
    if (at == from) {
      throw refused(shown() + ", expected a rule's name");
    }
    return text.substring(from, at);
  }

  private static boolean isNameCharacter(int c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-';
  }

  private void expect(String sign) {
    if (!text.startsWith(sign, at)) {
      throw refused(shown() + ", expected " + sign);
    }
    at += sign.length();
  }

  private int peek() {
    return at < text.length() ? text.charAt(at) : -1;
  }

  private boolean isNewline() {
    return peek() == '\n' || peek() == '\r';
  }

  /** Spaces, tabs and comments; lines too where a rule may go on in the next. */
  private void skipSpace(boolean lines) {
    while (peek() == ' ' || peek() == '\t' || peek() == '#' || lines && isNewline()) {
      if (peek() == '#') {
        while (at < text.length() && !isNewline()) {
          at++;
        }
      } else {
        at++;
      }
    }
  }

  private String shown() {
    return at < text.length()
        ? "\"" + text.substring(at, Math.min(at + 12, text.length())) + "\""
        : "its end";
  }

  private Refusal refused(String found) {
    long line = text.substring(0, Math.min(at, text.length())).lines().count();
    return Refusal.usage(
        "the grammar has in line " + Math.max(1, line) + " " + found, "correct the grammar");
  }
}
