// FormatSpec: width, alignment, precision and type of one value that is printed.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.limit;
import static dev.gatun.text.jinja.TemplateFault.runtime;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * @param align {@code <}, {@code >}, {@code ^}, {@code =} or empty for the type's own
 * @param sign {@code +}, blank, or empty for minus only
 * @param precision -1 if absent
 * @param type the letter, or empty
 */
record FormatSpec(
    String fill,
    String align,
    String sign,
    int width,
    boolean grouped,
    int precision,
    String type) {
  private static final Pattern SPEC =
      Pattern.compile(
          "(?:(.)?([<>^=]))?([-+ ])?(#)?(0)?([0-9]{1,9})?([,_])?(?:\\.([0-9]{1,9}))?([a-zA-Z%])?",
          Pattern.DOTALL);
  private static final int MAX_PRECISION = 1_000;

  FormatSpec {
    if (precision > MAX_PRECISION) {
      throw limit("a precision of " + precision + " digits");
    }
  }

  static FormatSpec parse(String text) {
    Matcher m = SPEC.matcher(text);
    if (!m.matches() || "#".equals(m.group(4)) || "_".equals(m.group(7))) {
      throw runtime("Invalid format specifier " + Repr.quoted(text));
    }
    boolean zero = m.group(5) != null;
    String fill = m.group(1) != null ? m.group(1) : zero && m.group(2) == null ? "0" : " ";
    String align = m.group(2) != null ? m.group(2) : zero ? "=" : "";
    return new FormatSpec(
        fill,
        align,
        text(m.group(3)).replace("-", ""),
        number(m.group(6), 0),
        m.group(7) != null,
        number(m.group(8), -1),
        text(m.group(9)));
  }

  private static String text(String group) {
    return group == null ? "" : group;
  }

  static int number(String group, int absent) {
    return group == null || group.isEmpty() ? absent : Integer.parseInt(group);
  }

  String apply(Object value, Budget budget) {
    budget.chars(width);
    if (value instanceof Double
        || Numbers.isInteger(value) && !(value instanceof Boolean && type.isEmpty())) {
      return number(value);
    }
    if (!type.isEmpty() && !type.equals("s")) {
      throw runtime(
          "Unknown format code "
              + Repr.quoted(type)
              + " for object of type '"
              + Values.typeName(value)
              + "'");
    }
    String text = Repr.str(value, budget);
    boolean cut = precision >= 0 && precision < Text.length(text);
    return padded("", cut ? Text.slice(text, 0, 1, precision) : text, "<");
  }

  private String number(Object value) {
    boolean negative =
        value instanceof Double real ? real < 0 || 1 / real < 0 : Numbers.big(value).signum() < 0;
    String digits =
        switch (type) {
          case "", "d", "n" -> plain(value);
          case "x" -> Numbers.big(value).abs().toString(16);
          case "X" -> Numbers.big(value).abs().toString(16).toUpperCase(Locale.ROOT);
          case "o" -> Numbers.big(value).abs().toString(8);
          case "b" -> Numbers.big(value).abs().toString(2);
          case "c" ->
              Character.toString(Math.clamp(Numbers.index(value), 0, Character.MAX_CODE_POINT));
          case "f", "F" -> fixed(Math.abs(Numbers.real(value)), precision < 0 ? 6 : precision);
          case "%" ->
              fixed(Math.abs(Numbers.real(value)) * 100, precision < 0 ? 6 : precision) + "%";
          case "e", "E", "g", "G" -> {
            String scientific = scientific(Math.abs(Numbers.real(value)));
            yield type.equals("E") || type.equals("G")
                ? scientific.toUpperCase(Locale.ROOT)
                : scientific;
          }
          default ->
              throw runtime(
                  "Unknown format code "
                      + Repr.quoted(type)
                      + " for object of type '"
                      + Values.typeName(value)
                      + "'");
        };
    return padded(negative ? "-" : sign, grouped ? grouped(digits) : digits, ">");
  }

  private String plain(Object value) {
    if (!(value instanceof Double real)) {
      return Numbers.big(value).abs().toString();
    }
    if (type.equals("d")) {
      throw runtime("Unknown format code 'd' for object of type 'float'");
    }
    return precision < 0 ? Repr.number(Math.abs(real)) : general(Math.abs(real), precision);
  }

  private static String fixed(double value, int digits) {
    return Double.isFinite(value)
        ? new BigDecimal(value).setScale(digits, RoundingMode.HALF_EVEN).toPlainString()
        : Repr.number(value);
  }

  private String scientific(double value) {
    int digits = precision < 0 ? 6 : precision;
    if (!Double.isFinite(value)) {
      return Repr.number(value);
    }
    return type.equalsIgnoreCase("g") ? general(value, digits) : exponential(value, digits);
  }

  private static String exponential(double value, int digits) {
    BigDecimal rounded =
        new BigDecimal(value).round(new MathContext(digits + 1, RoundingMode.HALF_EVEN));
    int exponent = value == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
    String mantissa =
        rounded.movePointLeft(exponent).setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
    return mantissa
        + "e"
        + (exponent < 0 ? "-" : "+")
        + (Math.abs(exponent) < 10 ? "0" : "")
        + Math.abs(exponent);
  }

  /**
   * {@code digits} significant ones without trailing zeros; an exponent where the number is long.
   */
  private static String general(double value, int digits) {
    int significant = Math.max(1, digits);
    if (value == 0 || !Double.isFinite(value)) {
      return value == 0 ? "0" : Repr.number(value);
    }
    BigDecimal rounded =
        new BigDecimal(value)
            .round(new MathContext(significant, RoundingMode.HALF_EVEN))
            .stripTrailingZeros();
    int exponent = rounded.precision() - rounded.scale() - 1;
    return exponent < -4 || exponent >= significant
        ? exponential(rounded.doubleValue(), rounded.precision() - 1)
        : rounded.toPlainString();
  }

  private static String grouped(String digits) {
    int point = digits.indexOf('.') < 0 ? digits.length() : digits.indexOf('.');
    return digits.substring(0, point).replaceAll("(?<=[0-9])(?=(?:[0-9]{3})+$)", ",")
        + digits.substring(point);
  }

  private String padded(String prefix, String body, String own) {
    int missing = Math.max(0, width - Text.length(prefix) - Text.length(body));
    return switch (align.isEmpty() || align.equals("=") && own.equals("<") ? own : align) {
      case "<" -> prefix + body + fill.repeat(missing);
      case "^" -> fill.repeat(missing / 2) + prefix + body + fill.repeat(missing - missing / 2);
      case "=" -> prefix + fill.repeat(missing) + body;
      default -> fill.repeat(missing) + prefix + body;
    };
  }
}
