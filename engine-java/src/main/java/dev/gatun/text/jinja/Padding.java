// Padding: the methods of Python's str that widen a string.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

final class Padding {
  private Padding() {}

  static String pad(String text, String name, Arguments arguments, Budget budget) {
    if (name.equals("expandtabs")) {
      long size = Math.max(0, arguments.bind(name, "tabsize").number(0, 8));
      return expandTabs(text, size, budget);
    }
    var bound = arguments.bind(name, "width", "fill");
    long missing = Math.max(0, Numbers.index(bound.need(0)) - Text.length(text));
    budget.chars(missing);
    String fill = name.equals("zfill") ? "0" : bound.text(1, " ");
    if (Text.length(fill) != 1) {
      throw runtime("The fill character must be exactly one character long");
    }
    boolean signed = name.equals("zfill") && (text.startsWith("-") || text.startsWith("+"));
    long width = Text.length(text) + missing;
    long left =
        switch (name) {
          case "ljust" -> 0;
          case "center" -> missing / 2 + (missing & width & 1);
          default -> missing;
        };
    String before = fill.repeat((int) left);
    String after = fill.repeat((int) (missing - left));
    return signed ? text.charAt(0) + before + text.substring(1) : before + text + after;
  }

  private static String expandTabs(String text, long size, Budget budget) {
    StringBuilder out = new StringBuilder();
    int column = 0;
    for (int c : text.codePoints().toArray()) {
      if (c == '\t') {
        long blanks = size == 0 ? 0 : size - column % size;
        budget.chars(blanks);
        out.repeat(' ', (int) blanks);
        column += (int) blanks;
      } else {
        out.appendCodePoint(c);
        column = c == '\n' || c == '\r' ? 0 : column + 1;
      }
    }
    return out.toString();
  }
}
