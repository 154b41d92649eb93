// NumberFilters: Jinja's filters that make numbers.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import dev.gatun.text.jinja.Values.Attributed;
import dev.gatun.text.jinja.Values.Undefined;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

final class NumberFilters {
  private static final Pattern INTEGER = Pattern.compile("[-+]?[0-9]++(_[0-9]++)*+");
  private static final Pattern REAL =
      Pattern.compile(
          "[-+]?(([0-9]++(\\.[0-9]*+)?|\\.[0-9]++)(e[-+]?[0-9]{1,6})?|inf|infinity|nan)",
          Pattern.CASE_INSENSITIVE);

  private NumberFilters() {}

  /** {@link Attributed#ABSENT} for a name of another family. */
  static Object apply(String name, Object value, Arguments arguments, Budget budget) {
    return switch (name) {
      case "abs" -> {
        arguments.bind(name);
        yield absolute(defined(value));
      }
      case "int" -> {
        var bound = arguments.bind(name, "default", "base");
        Optional<Object> integer = integer(defined(value), Math.clamp(bound.number(1, 10), 0, 36));
        yield integer.isPresent() ? integer.get() : bound.get(0, 0L);
      }
      case "float" -> {
        Optional<Double> real = real(defined(value));
        yield real.isPresent() ? real.get() : arguments.bind(name, "default").get(0, 0.0);
      }
      case "round" -> round(defined(value), arguments.bind(name, "precision", "method"));
      default -> Attributed.ABSENT;
    };
  }

  private static Object defined(Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.fault();
    }
    return value;
  }

  private static Object absolute(Object value) {
    if (value instanceof Double real) {
      return Math.abs(real);
    }
    if (!Numbers.isNumber(value)) {
      throw runtime("bad operand type for abs(): '" + Values.typeName(value) + "'");
    }
    return Numbers.narrow(Numbers.big(value).abs());
  }

  private static Optional<Object> integer(Object value, int base) {
    if (Numbers.isInteger(value)) {
      return Optional.of(Numbers.narrow(Numbers.big(value)));
    }
    if (value instanceof String text) {
      Optional<Object> whole = parsed(text, base);
      if (whole.isPresent()) {
        return whole;
      }
    }
    return real(value)
        .filter(Double::isFinite)
        .map(real -> Numbers.narrow(new BigDecimal(real).toBigInteger()));
  }

  private static Optional<Object> parsed(String text, int base) {
    String digits = Text.strip(text, Text::isSpace, true, true);
    int radix = base == 0 ? 10 : base;
    if (digits.length() > Numbers.MAX_DIGITS || radix < 2) {
      return Optional.empty();
    }
    if (radix == 10) {
      boolean integer = INTEGER.matcher(digits).matches();
      return integer
          ? Optional.of(Numbers.narrow(new BigInteger(digits.replace("_", ""))))
          : Optional.empty();
    }
    String prefix = radix == 16 ? "0x" : radix == 8 ? "0o" : radix == 2 ? "0b" : "";
    boolean prefixed = !prefix.isEmpty() && digits.toLowerCase(Locale.ROOT).startsWith(prefix);
    try {
      return Optional.of(
          Numbers.narrow(new BigInteger(prefixed ? digits.substring(2) : digits, radix)));
    } catch (NumberFormatException notAnInteger) {
      return Optional.empty();
    }
  }

  private static Optional<Double> real(Object value) {
    if (Numbers.isNumber(value)) {
      return Optional.of(Numbers.real(value));
    }
    if (!(value instanceof String text)) {
      return Optional.empty();
    }
    String digits = Text.strip(text, Text::isSpace, true, true);
    if (digits.length() > Numbers.MAX_DIGITS || !REAL.matcher(digits).matches()) {
      return Optional.empty();
    }
    boolean negative = digits.startsWith("-");
    return Optional.of(
        switch (digits.charAt(negative || digits.startsWith("+") ? 1 : 0)) {
          case 'i', 'I' -> negative ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
          case 'n', 'N' -> Double.NaN;
          default -> Double.parseDouble(digits);
        });
  }

  /**
   * Halves go to the even neighbour, as Python's round does; an integer stays one under the common
   * method.
   */
  private static Object round(Object value, Arguments.Bound bound) {
    int precision = Math.clamp(bound.number(0, 0), -400, 400);
    String method = bound.text(1, "common");
    if (!Numbers.isNumber(value)) {
      throw runtime("type " + Values.typeName(value) + " doesn't define __round__ method");
    }
    RoundingMode mode =
        switch (method) {
          case "common" -> RoundingMode.HALF_EVEN;
          case "ceil" -> RoundingMode.CEILING;
          case "floor" -> RoundingMode.FLOOR;
          default -> throw runtime("method must be common, ceil or floor");
        };
    if (value instanceof Double real && !Double.isFinite(real)) {
      return value;
    }
    BigDecimal exact =
        value instanceof Double real ? new BigDecimal(real) : new BigDecimal(Numbers.big(value));
    if (Numbers.isInteger(value) && mode == RoundingMode.HALF_EVEN) {
      return Numbers.narrow(exact.setScale(Math.min(0, precision), mode).toBigInteger());
    }
    if (mode != RoundingMode.HALF_EVEN) {
      double scale = Math.pow(10, precision);
      double scaled = Numbers.real(value) * scale;
      return (mode == RoundingMode.CEILING ? Math.ceil(scaled) : Math.floor(scaled)) / scale;
    }
    return Math.copySign(exact.setScale(precision, mode).doubleValue(), (Double) value);
  }
}
