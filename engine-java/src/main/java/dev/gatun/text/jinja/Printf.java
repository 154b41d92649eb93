// Printf: Python's `format % values`.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import dev.gatun.text.jinja.Values.Tuple;
import dev.gatun.text.jinja.Values.Undefined;
import java.math.BigDecimal;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

final class Printf {
  private static final Pattern FIELD =
      Pattern.compile(
          "%(?:\\(([^)]*)\\))?([-+ #0]*)([0-9]{1,9}|\\*)?(?:\\.([0-9]{1,9}))?(.)?", Pattern.DOTALL);

  private Printf() {}

  /**
   * @param values a dict for {@code %(name)s}, a tuple, or the one value
   */
  static String format(String format, Object values, Budget budget) {
    List<?> positional =
        values instanceof Tuple tuple ? tuple : new Tuple(Collections.singletonList(values));
    StringBuilder out = new StringBuilder();
    Matcher field = FIELD.matcher(format);
    int from = 0;
    int used = 0;
    boolean named = false;
    while (field.find()) {
      out.append(format, from, field.start());
      from = field.end();
      String conversion = field.group(5);
      if (conversion == null || "*".equals(field.group(3))) {
        throw runtime("incomplete format");
      }
      if (conversion.equals("%")) {
        out.append('%');
        continue;
      }
      boolean keyed = field.group(1) != null;
      named |= keyed;
      Object value = keyed ? named(values, field.group(1)) : next(positional, used++);
      String text = converted(field, value, budget);
      budget.chars(text.length());
      out.append(text);
    }
    boolean subscriptable =
        values instanceof Map || values instanceof Undefined || values instanceof List;
    if (!named && used < positional.size() && (values instanceof Tuple || !subscriptable)) {
      throw runtime("not all arguments converted during string formatting");
    }
    budget.chars(format.length());
    return out.append(format.substring(from)).toString();
  }

  private static Object next(List<?> values, int index) {
    if (index >= values.size()) {
      throw runtime("not enough arguments for format string");
    }
    return values.get(index);
  }

  private static Object named(Object values, String name) {
    if (!(values instanceof Map<?, ?> map)) {
      throw runtime("format requires a mapping");
    }
    if (!map.containsKey(name)) {
      throw runtime(Repr.quoted(name));
    }
    return map.get(name);
  }

  private static String converted(Matcher field, Object value, Budget budget) {
    String flags = field.group(2);
    String sign = flags.contains("+") ? "+" : flags.contains(" ") ? " " : "";
    boolean left = flags.contains("-");
    boolean zero = flags.contains("0") && !left;
    int width = FormatSpec.number(field.group(3), 0);
    int precision = FormatSpec.number(field.group(4), -1);
    String conversion = field.group(5);
    switch (conversion) {
      case "s", "r", "a" -> {
        String text = conversion.equals("s") ? Repr.str(value, budget) : Repr.repr(value, budget);
        return new FormatSpec(" ", left ? "<" : ">", "", width, false, precision, "s")
            .apply(text, budget);
      }
      case "d", "i", "u", "x", "X", "o", "c", "f", "F", "e", "E", "g", "G" -> {
        if (!Numbers.isNumber(value)) {
          throw runtime(
              "%"
                  + conversion
                  + " format: a real number is required, not "
                  + Values.typeName(value));
        }
        boolean whole = "diu".contains(conversion);
        Object number =
            whole && value instanceof Double real
                ? Numbers.narrow(new BigDecimal(real).toBigInteger())
                : value;
        String align = left ? "<" : zero ? "=" : ">";
        return new FormatSpec(
                zero ? "0" : " ", align, sign, width, false, precision, whole ? "d" : conversion)
            .apply(number, budget);
      }
      default -> throw runtime("unsupported format character " + Repr.quoted(conversion));
    }
  }
}
