// Repr: values as Python prints them.
package dev.gatun.text.jinja;

import dev.gatun.text.jinja.Globals.Namespace;
import dev.gatun.text.jinja.Globals.Range;
import dev.gatun.text.jinja.Values.Tuple;
import dev.gatun.text.jinja.Values.Undefined;
import dev.gatun.text.jinja.Values.View;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** {@code str()} and {@code repr()}. */
final class Repr {
  private final StringBuilder out = new StringBuilder();
  private final Budget budget;

  private Repr(Budget budget) {
    this.budget = budget;
  }

  static String str(Object value, Budget budget) {
    if (value instanceof String text) {
      return text;
    }
    return value instanceof Undefined ? "" : repr(value, budget);
  }

  static String repr(Object value, Budget budget) {
    Repr repr = new Repr(budget);
    repr.value(value, 0);
    budget.chars(repr.out.length());
    return repr.out.toString();
  }

  private void value(Object value, int depth) {
    budget.value(depth);
    if (value instanceof String text) {
      budget.chars(text.length());
      quote(text, out);
    } else if (value instanceof List || value instanceof Map || value instanceof View) {
      container(value, depth);
    } else if (value instanceof Namespace namespace) {
      out.append("<Namespace ");
      dict(namespace.fields(), depth);
      out.append('>');
    } else {
      out.append(scalar(value));
    }
  }

  private static String scalar(Object value) {
    if (value == null) {
      return "None";
    }
    if (value instanceof Boolean flag) {
      return flag ? "True" : "False";
    }
    if (value instanceof Double number) {
      return number(number);
    }
    if (value instanceof Number number) {
      return number.toString();
    }
    return value instanceof Undefined ? "Undefined" : "<" + Values.typeName(value) + " object>";
  }

  private void container(Object value, int depth) {
    if (value instanceof Range range) {
      out.append(range);
    } else if (value instanceof Tuple tuple) {
      items("(", tuple, tuple.size() == 1 ? ",)" : ")", depth);
    } else if (value instanceof List<?> items) {
      items("[", items, "]", depth);
    } else if (value instanceof Map<?, ?> map) {
      dict(map, depth);
    } else if (value instanceof View view) {
      out.append(view.kind());
      items("([", view.items(), "])", depth);
    }
  }

  private void items(String open, Iterable<?> items, String close, int depth) {
    out.append(open);
    for (Iterator<?> i = items.iterator(); i.hasNext(); ) {
      value(i.next(), depth + 1);
      out.append(i.hasNext() ? ", " : "");
    }
    out.append(close);
  }

  private void dict(Map<?, ?> map, int depth) {
    String separator = "{";
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      out.append(separator);
      value(entry.getKey(), depth + 1);
      out.append(": ");
      value(entry.getValue(), depth + 1);
      separator = ", ";
    }
    out.append(map.isEmpty() ? "{}" : "}");
  }

  /**
   * The shortest decimal that reads back as the same double, in Python's layout: 1.0, 1e+16, 1e-05.
   */
  static String number(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return Double.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal decimal = shortest(value);
    int exponent = decimal.precision() - decimal.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      return decimal.scale() <= 0 ? decimal.toBigInteger() + ".0" : decimal.toPlainString();
    }
    String digits = decimal.unscaledValue().abs().toString();
    String mantissa = digits.charAt(0) + (digits.length() > 1 ? "." + digits.substring(1) : "");
    String power = (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    return (value < 0 ? "-" : "") + mantissa + "e" + (exponent < 0 ? "-" : "+") + power;
  }

  /** Java prints two digits where one would do, as in 4.9E-324. */
  private static BigDecimal shortest(double value) {
    BigDecimal decimal = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    BigDecimal oneDigit = decimal.round(new MathContext(1));
    return oneDigit.doubleValue() == value ? oneDigit : decimal;
  }

  static String quoted(String text) {
    StringBuilder out = new StringBuilder(text.length() + 2);
    quote(text, out);
    return out.toString();
  }

  /** In single quotes, or in double ones where only those avoid an escape. */
  private static void quote(String text, StringBuilder out) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    out.append(quote);
    for (int i = 0; i < text.length(); i = text.offsetByCodePoints(i, 1)) {
      character(text.codePointAt(i), quote, out);
    }
    out.append(quote);
  }

  private static void character(int c, char quote, StringBuilder out) {
    switch (c) {
      case '\n' -> out.append("\\n");
      case '\r' -> out.append("\\r");
      case '\t' -> out.append("\\t");
      case '\\' -> out.append("\\\\");
      default -> {
        if (c == quote) {
          out.append('\\').append(quote);
        } else if (printable(c)) {
          out.appendCodePoint(c);
        } else {
          out.append(escape(c));
        }
      }
    }
  }

  /** A code point as a backslash, {@code x}, {@code u} or {@code U}, and 2, 4 or 8 digits. */
  static String escape(int c) {
    return String.format(
        Locale.ROOT, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
  }

  private static boolean printable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }
}
