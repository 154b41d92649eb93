// Normalization: the rewriting of text before it is cut into words.
package dev.gatun.text;

import java.text.Normalizer;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Steps, each rewriting what the step before it made. */
record Normalization(List<UnaryOperator<String>> steps) {
  static final Normalization NONE = new Normalization(List.of());

  Normalization {
    steps = List.copyOf(steps);
  }

  String apply(String text) {
    String normal = text;
    for (UnaryOperator<String> step : steps) {
      normal = step.apply(normal);
    }
    return normal;
  }

  /** One of Unicode's four normalization forms, by the tables of {@link UnicodeForm}. */
  static UnaryOperator<String> form(Normalizer.Form form) {
    return text -> UnicodeForm.apply(form, text);
  }

  /** {@code prefix} before any text but the empty one. */
  static UnaryOperator<String> prepend(String prefix) {
    return text -> text.isEmpty() ? text : prefix + text;
  }

  static UnaryOperator<String> replace(Pattern pattern, String content) {
    String replacement = Matcher.quoteReplacement(content);
    return text -> pattern.matcher(text).replaceAll(replacement);
  }

  /** Every character by itself: a final sigma gets no form of its own. */
  static String lowerCase(String text) {
    StringBuilder lower = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              if (c == 0x130) {
                lower.append("i\u0307"); // the one character whose lower case is two
              } else {
                lower.appendCodePoint(Character.toLowerCase(c));
              }
            });
    return lower.toString();
  }

  static UnaryOperator<String> strip(boolean left, boolean right) {
    return text -> {
      int start = left ? WhiteSpace.end(text, 0) : 0;
      int end = right ? Math.max(start, WhiteSpace.start(text, text.length())) : text.length();
      return text.substring(start, end);
    };
  }
}
