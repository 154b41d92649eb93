// Oniguruma: patterns in the syntax tokenizer files use, compiled for java.util.regex.
package dev.gatun.text;

import dev.gatun.refusal.Refusal;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Translates a pattern of Oniguruma's default syntax (https://github.com/kkos/oniguruma/blob/master/doc/RE). Where the two
 * dialects spell one thing alike and mean another, the meaning is kept: {@code \s}, {@code \d}, {@code \w} and
 * {@code \b} are Unicode's, {@code (?i)} folds by Unicode, {@code .} is any character, {@code ^} and {@code $} know
 * {@code \n} alone, and {@code {1,3}+} repeats instead of being possessive. A construct without a faithful counterpart is
 * refused.
 *
 * <p>One difference remains: {@code (?i)} here folds one character to one, so that a literal "ss" does not match "ß".
 */
final class Oniguruma {
  private static final String SPACE = "\\p{IsWhite_Space}";
  private static final String WORD = "\\p{IsAlphabetic}\\p{M}\\p{Nd}\\p{Pc}";
  private static final Pattern INTERVAL = Pattern.compile("\\{(\\d+)?(,)?(\\d+)?\\}([+?])?");
  private static final Pattern GROUP =
      Pattern.compile("\\(\\?(?:(?<copied>[:=!>]|<[=!]|<\\w+>)|(?<flags>[im]*(?:-[im]*)?)(?<end>[:)]))");

  private final String source;
  private final StringBuilder out = new StringBuilder();
  private int at;

  private Oniguruma(String source) {
    this.source = source;
  }

  /** Compiles {@code source}; throws a refusal that quotes it where it is malformed or beyond this translation. */
  static Pattern compile(String source) {
    Oniguruma translation = new Oniguruma(source);
    try {
      while (translation.at < source.length()) {
        translation.element();
      }
      return Pattern.compile(translation.out.toString(), Pattern.MULTILINE | Pattern.DOTALL | Pattern.UNIX_LINES);
    } catch (PatternSyntaxException e) {
      throw translation.refusal(e.getDescription());
    }
  }

  private void element() {
    switch (source.charAt(at)) {
      case '\\' -> escape(false);
      case '[' -> bracket();
      case '(' -> group();
      case '{' -> interval();
      case ']', '}' -> out.append('\\').append(source.charAt(at++));
      default -> out.append(source.charAt(at++));
    }
  }

  private void group() {
    if (!source.startsWith("(?", at)) {
      out.append(source.charAt(at++));
      return;
    }
    Matcher group = GROUP.matcher(source).region(at, source.length());
    if (!group.lookingAt()) {
      throw refusal("the group at character " + at);
    }
    if (group.group("copied") != null) {
      out.append(group.group());
    } else {
      String flags = group.group("flags").replace("m", "s").replace("i", "iu");
      out.append("(?").append(flags).append(group.group("end"));
    }
    at = group.end();
  }

  private void interval() {
    Matcher interval = INTERVAL.matcher(source).region(at, source.length());
    if (!interval.lookingAt() || interval.group(1) == null && interval.group(3) == null) {
      out.append('\\').append(source.charAt(at++)); // a brace that repeats nothing is a brace
      return;
    }
    String least = Optional.ofNullable(interval.group(1)).orElse("0");
    boolean range = interval.group(2) != null;
    String suffix = Optional.ofNullable(interval.group(4)).orElse("");
    if (suffix.equals("+") && least.equals("1")) {
      out.append('+'); // (x{1,n})+ is x+
    } else if (suffix.equals("+") || suffix.equals("?") && !range) {
      throw refusal("the repetition " + interval.group());
    } else {
      out.append('{').append(least).append(range ? "," : "");
      out.append(Optional.ofNullable(interval.group(3)).orElse("")).append('}').append(suffix);
    }
    at = interval.end();
  }

  private void bracket() {
    int depth = 0;
    do {
      char c = at < source.length() ? source.charAt(at) : 0;
      switch (c) {
        case '\\' -> escape(true);
        case '[' -> {
          if (source.startsWith("[:", at)) {
            throw refusal("the POSIX bracket at character " + at);
          }
          depth++;
          openBracket();
        }
        case ']' -> {
          depth--;
          out.append(source.charAt(at++));
        }
        default -> {
          if (at >= source.length()) {
            throw refusal("an unclosed character class");
          }
          out.append(source.charAt(at++));
        }
      }
    } while (depth > 0);
  }

  private void openBracket() {
    out.append(source.charAt(at++));
    if (source.startsWith("^", at)) {
      out.append(source.charAt(at++));
    }
    if (source.startsWith("]", at)) {
      out.append('\\').append(source.charAt(at++));
    }
  }

  private void escape(boolean inBracket) {
    if (at + 1 >= source.length()) {
      throw refusal("a backslash at its end");
    }
    char c = source.charAt(at + 1);
    at += 2;
    switch (c) {
      case 's' -> out.append(SPACE);
      case 'S' -> out.append("\\P{IsWhite_Space}");
      case 'd' -> out.append("\\p{Nd}");
      case 'D' -> out.append("\\P{Nd}");
      case 'w' -> out.append('[').append(WORD).append(']');
      case 'W' -> out.append("[^").append(WORD).append(']');
      case 'v' -> out.append("\\x0B");
      case 'p', 'P' -> property(c);
      case 'b' -> out.append(inBracket ? "\\x08" : boundary("!", "="));
      case 'B' -> {
        if (inBracket) {
          throw refusal("\\B in a character class");
        }
        out.append(boundary("=", "!"));
      }
      case 'n', 'r', 't', 'f', 'a', 'e', 'x', 'u', 'A', 'z', 'Z' -> out.append('\\').append(c);
      default -> {
        if (Character.isLetterOrDigit(c) && c < 0x80 && !(c >= '1' && c <= '9' && !inBracket)) {
          throw refusal("\\" + c);
        }
        out.append(c < 0x80 ? "\\" : "").append(c);
      }
    }
  }

  // Between a word character and none (\b), or not (\B).
  private static String boundary(String afterWord, String afterOther) {
    String word = "[" + WORD + "]";
    return "(?:(?<=" + word + ")(?" + afterWord + word + ")|(?<!" + word + ")(?" + afterOther + word + "))";
  }

  private void property(char c) {
    int close = source.indexOf('}', at);
    if (!source.startsWith("{", at) || close < 0) {
      throw refusal("\\" + c + " without a property's name in braces");
    }
    String name = source.substring(at + 1, close);
    at = close + 1;
    boolean negated = name.startsWith("^");
    if (negated) {
      name = name.substring(1);
    }
    out.append(negated == (c == 'P') ? "\\p{" : "\\P{").append(javaName(name)).append('}');
  }

  // General categories have one name in both dialects; scripts and binary properties want a prefix.
  private static String javaName(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "letter" -> "L";
      case "mark" -> "M";
      case "number" -> "N";
      case "punctuation", "punct" -> "P";
      case "symbol" -> "S";
      case "separator" -> "Z";
      case "other" -> "C";
      case "digit" -> "Nd";
      case "alpha" -> "IsAlphabetic";
      case "space" -> "IsWhite_Space";
      default -> name.matches("[LMNPSZC][a-z&]?") ? name : "Is" + name;
    };
  }

  private Refusal refusal(String what) {
    return Refusal.model(
        "the tokenizer's pattern \"" + source + "\" holds what cannot be matched here: " + what,
        "use a tokenizer with a plainer pattern, or the model's GGUF");
  }
}
