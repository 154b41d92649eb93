// BraceFormat: Python's str.format as the sandbox allows it.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Fields are {@code {}}, {@code {0}} or {@code {name}} with {@code .attribute}, {@code [item]},
 * {@code !r} and {@code :spec}.
 */
final class BraceFormat {
  private static final Pattern PART =
      Pattern.compile(
          "\\{\\{|}}|\\{([^{}!:.\\[]*)((?:\\.[^{}!:.\\[]+|\\[[^\\]{}]+])*+)"
              + "(?:!([rsa]))?(?::([^{}]*))?}|[{}]");
  private static final Pattern STEP = Pattern.compile("\\.([^.\\[]+)|\\[([^\\]]+)]");

  private BraceFormat() {}

  static String format(String format, Arguments arguments, Budget budget) {
    StringBuilder out = new StringBuilder();
    Matcher part = PART.matcher(format);
    int from = 0;
    int next = 0;
    while (part.find()) {
      out.append(format, from, part.start());
      from = part.end();
      if (part.group(1) == null) {
        if (part.group().length() == 1) {
          throw runtime("Single '" + part.group() + "' encountered in format string");
        }
        out.append(part.group().charAt(0));
        continue;
      }
      String name = part.group(1).isEmpty() ? String.valueOf(next++) : part.group(1);
      Object value = value(name, part.group(2), arguments, budget);
      if (part.group(3) != null) {
        value = part.group(3).equals("s") ? Repr.str(value, budget) : Repr.repr(value, budget);
      }
      String spec = part.group(4) == null ? "" : part.group(4);
      String text =
          spec.isEmpty() ? Repr.str(value, budget) : FormatSpec.parse(spec).apply(value, budget);
      budget.chars(text.length());
      out.append(text);
    }
    budget.chars(format.length());
    return out.append(format.substring(from)).toString();
  }

  private static Object value(String name, String path, Arguments arguments, Budget budget) {
    Object value;
    if (name.chars().allMatch(c -> c >= '0' && c <= '9')) {
      int index = name.length() > 6 ? Integer.MAX_VALUE : Integer.parseInt(name);
      if (index >= arguments.positional().size()) {
        throw runtime("Replacement index " + name + " out of range for positional args tuple");
      }
      value = arguments.positional().get(index);
    } else if (arguments.named().containsKey(name)) {
      value = arguments.named().get(name);
    } else {
      throw runtime(Repr.quoted(name));
    }
    Matcher step = STEP.matcher(path);
    while (step.find()) {
      value =
          step.group(1) != null
              ? Subscript.attribute(value, step.group(1), budget)
              : Path.of(step.group(2)).in(value, budget);
    }
    return value;
  }
}
