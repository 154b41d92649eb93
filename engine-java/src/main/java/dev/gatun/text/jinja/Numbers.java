// Numbers: Python's arithmetic on Boolean, Long, BigInteger and Double; int, float and round.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.limit;
import static dev.gatun.text.jinja.TemplateFault.runtime;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Integers have no fixed width, up to a bound; {@code /} gives a float; {@code //} and {@code %}
 * round down.
 */
final class Numbers {
  /** Decimal digits of an integer, Python's own limit for reading and printing one. */
  static final int MAX_DIGITS = 4_300;

  private static final int MAX_BITS = MAX_DIGITS * 10 / 3;

  private Numbers() {}

  static boolean isNumber(Object value) {
    return value instanceof Number || value instanceof Boolean;
  }

  static boolean isInteger(Object value) {
    return value instanceof Long || value instanceof BigInteger || value instanceof Boolean;
  }

  /** The integer as a Long if it fits one. */
  static Object narrow(BigInteger value) {
    if (value.bitLength() > MAX_BITS) {
      throw limit("an integer of more than " + MAX_DIGITS + " digits");
    }
    return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
  }

  static BigInteger big(Object value) {
    if (value instanceof BigInteger number) {
      return number;
    }
    if (value instanceof Long number) {
      return BigInteger.valueOf(number);
    }
    if (value instanceof Boolean flag) {
      return flag ? BigInteger.ONE : BigInteger.ZERO;
    }
    throw runtime("'" + Values.typeName(value) + "' object cannot be interpreted as an integer");
  }

  /** An integer used as a count or position; one beyond a long is as good as the largest. */
  static long index(Object value) {
    BigInteger number = value instanceof Long small ? BigInteger.valueOf(small) : big(value);
    long limit = Long.MAX_VALUE / 4;
    return number.bitLength() < Long.SIZE - 2 ? number.longValue() : number.signum() * limit;
  }

  static double real(Object value) {
    double number = value instanceof Double real ? real : big(value).doubleValue();
    if (Double.isInfinite(number) && !(value instanceof Double)) {
      throw runtime("int too large to convert to float");
    }
    return number;
  }

  /** {@code left operator right} for two numbers. */
  static Object calculate(String operator, Object left, Object right) {
    if (operator.equals("/")) {
      return divide(real(left), real(right), "division by zero");
    }
    if (left instanceof Double || right instanceof Double) {
      return floats(operator, real(left), real(right));
    }
    if (left instanceof Long a
        && right instanceof Long b
        && Math.abs(a) < 1L << 31
        && Math.abs(b) < 1L << 31) {
      switch (operator) {
        case "+" -> {
          return a + b;
        }
        case "-" -> {
          return a - b;
        }
        case "*" -> {
          return a * b;
        }
        default -> {}
      }
    }
    return integers(operator, big(left), big(right));
  }

  private static Object integers(String operator, BigInteger left, BigInteger right) {
    return switch (operator) {
      case "+" -> narrow(left.add(right));
      case "-" -> narrow(left.subtract(right));
      case "*" -> narrow(left.multiply(right));
      case "//" -> narrow(floor(left, right, "integer division or modulo by zero")[0]);
      case "%" -> narrow(floor(left, right, "integer modulo by zero")[1]);
      case "**" -> power(left, right);
      default -> throw new AssertionError(operator);
    };
  }

  private static BigInteger[] floor(BigInteger left, BigInteger right, String message) {
    if (right.signum() == 0) {
      throw runtime(message);
    }
    BigInteger[] result = left.divideAndRemainder(right);
    if (result[1].signum() != 0 && result[1].signum() != right.signum()) {
      result[0] = result[0].subtract(BigInteger.ONE);
      result[1] = result[1].add(right);
    }
    return result;
  }

  private static Object power(BigInteger base, BigInteger exponent) {
    if (exponent.signum() < 0) {
      return floats("**", real(base), real(exponent));
    }
    if (base.bitLength() <= 1 && base.signum() >= 0) {
      return exponent.signum() == 0 ? (Object) 1L : narrow(base);
    }
    if (exponent.bitLength() > 31
        || (long) (base.bitLength() - 1) * exponent.intValue() > MAX_BITS) {
      if (base.equals(BigInteger.ONE.negate())) {
        return exponent.testBit(0) ? -1L : 1L;
      }
      throw limit("an integer of more than " + MAX_DIGITS + " digits");
    }
    return narrow(base.pow(exponent.intValue()));
  }

  private static Object floats(String operator, double left, double right) {
    return switch (operator) {
      case "+" -> left + right;
      case "-" -> left - right;
      case "*" -> left * right;
      case "//" -> Math.floor(divide(left, right, "float floor division by zero"));
      case "%" -> modulo(left, right);
      case "**" -> power(left, right);
      default -> throw new AssertionError(operator);
    };
  }

  private static double power(double base, double exponent) {
    if (base == 0 && exponent < 0) {
      throw runtime("0.0 cannot be raised to a negative power");
    }
    double result = Math.pow(base, exponent);
    if (Double.isInfinite(result) && Double.isFinite(base) && Double.isFinite(exponent)) {
      throw runtime("(34, 'Numerical result out of range')");
    }
    return result;
  }

  private static double modulo(double left, double right) {
    if (right == 0) {
      throw runtime("float modulo");
    }
    double rest = left % right;
    return rest != 0 && rest < 0 != right < 0 ? rest + right : rest;
  }

  private static double divide(double left, double right, String message) {
    if (right == 0) {
      throw runtime(message);
    }
    return left / right;
  }

  static Object negate(Object value) {
    return value instanceof Double real ? (Object) (-real) : narrow(big(value).negate());
  }

  static int compare(Object left, Object right) {
    if (left instanceof Long a && right instanceof Long b) {
      return Long.compare(a, b);
    }
    if (isInteger(left) && isInteger(right)) {
      return big(left).compareTo(big(right));
    }
    return Double.compare(real(left) + 0.0, real(right) + 0.0);
  }

  /** Python's abs(). */
  static Object absolute(Object value) {
    if (value instanceof Double real) {
      return Math.abs(real);
    }
    if (!isNumber(value)) {
      throw runtime("bad operand type for abs(): '" + Values.typeName(value) + "'");
    }
    return narrow(big(value).abs());
  }

  /** What Python's int() makes of a value; empty where it fails. */
  static Optional<Object> integer(Object value, int base) {
    if (isInteger(value)) {
      return Optional.of(narrow(big(value)));
    }
    if (value instanceof String text) {
      Optional<Object> whole = Spelled.integer(text, base);
      if (whole.isPresent()) {
        return whole;
      }
    }
    return toReal(value)
        .filter(Double::isFinite)
        .map(real -> narrow(new BigDecimal(real).toBigInteger()));
  }

  /** What Python's float() makes of a value; empty where it fails. */
  static Optional<Double> toReal(Object value) {
    if (isNumber(value)) {
      return Optional.of(real(value));
    }
    return value instanceof String text ? Spelled.real(text) : Optional.empty();
  }

  /**
   * Halves go to the even neighbour, as Python's round does; an integer stays one under the common
   * method.
   */
  static Object round(Object value, int precision, String method) {
    if (!isNumber(value)) {
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
        value instanceof Double real ? new BigDecimal(real) : new BigDecimal(big(value));
    if (isInteger(value) && mode == RoundingMode.HALF_EVEN) {
      return narrow(exact.setScale(Math.min(0, precision), mode).toBigInteger());
    }
    if (mode != RoundingMode.HALF_EVEN) {
      double scale = Math.pow(10, precision);
      double scaled = real(value) * scale;
      return (mode == RoundingMode.CEILING ? Math.ceil(scaled) : Math.floor(scaled)) / scale;
    }
    return Math.copySign(exact.setScale(precision, mode).doubleValue(), (Double) value);
  }

  /** Numbers that are read out of a text; a class, so that its patterns are made when one is. */
  private static final class Spelled {
    private static final Pattern INTEGER = Pattern.compile("[-+]?[0-9]++(_[0-9]++)*+");
    private static final Pattern REAL =
        Pattern.compile(
            "[-+]?(([0-9]++(\\.[0-9]*+)?|\\.[0-9]++)(e[-+]?[0-9]{1,6})?|inf|infinity|nan)",
            Pattern.CASE_INSENSITIVE);

    static Optional<Object> integer(String text, int base) {
      String digits = Text.strip(text, Text::isSpace, true, true);
      int radix = base == 0 ? 10 : base;
      if (digits.length() > MAX_DIGITS || radix < 2) {
        return Optional.empty();
      }
      if (radix == 10) {
        boolean integer = INTEGER.matcher(digits).matches();
        return integer
            ? Optional.of(narrow(new BigInteger(digits.replace("_", ""))))
            : Optional.empty();
      }
      String prefix = radix == 16 ? "0x" : radix == 8 ? "0o" : radix == 2 ? "0b" : "";
      boolean prefixed = !prefix.isEmpty() && digits.toLowerCase(Locale.ROOT).startsWith(prefix);
      try {
        return Optional.of(narrow(new BigInteger(prefixed ? digits.substring(2) : digits, radix)));
      } catch (NumberFormatException notAnInteger) {
        return Optional.empty();
      }
    }

    static Optional<Double> real(String text) {
      String digits = Text.strip(text, Text::isSpace, true, true);
      if (digits.length() > MAX_DIGITS || !REAL.matcher(digits).matches()) {
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
  }
}
