// Strftime: a date in the words of C's strftime, in English.
package dev.gatun.text.jinja;

import java.time.ZonedDateTime;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;

/**
 * The codes of C in its own locale, and glibc's flags {@code -} (no padding), {@code _} (blanks)
 * and {@code 0}.
 */
final class Strftime {
  private final ZonedDateTime time;
  private final StringBuilder out = new StringBuilder();

  private Strftime(ZonedDateTime time) {
    this.time = time;
  }

  static String format(String format, ZonedDateTime time, Budget budget) {
    budget.chars(32L * format.length());
    Strftime formatted = new Strftime(time);
    formatted.append(format);
    return formatted.out.toString();
  }

  private void append(String format) {
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        out.append(c);
        continue;
      }
      char flag = format.charAt(i + 1);
      boolean flagged = "-_0".indexOf(flag) >= 0 && i + 2 < format.length();
      i += flagged ? 2 : 1;
      code(format.charAt(i), flagged ? flag : ' ');
    }
  }

  private void code(char code, char flag) {
    switch (code) {
      case 'Y' -> number(time.getYear(), 1, flag);
      case 'C' -> number(time.getYear() / 100, 2, flag);
      case 'y' -> number(time.getYear() % 100, 2, flag);
      case 'm' -> number(time.getMonthValue(), 2, flag);
      case 'd' -> number(time.getDayOfMonth(), 2, flag);
      case 'e' -> number(time.getDayOfMonth(), 2, flag == ' ' ? '_' : flag);
      case 'H' -> number(time.getHour(), 2, flag);
      case 'k' -> number(time.getHour(), 2, flag == ' ' ? '_' : flag);
      case 'I' -> number(time.get(ChronoField.CLOCK_HOUR_OF_AMPM), 2, flag);
      case 'l' -> number(time.get(ChronoField.CLOCK_HOUR_OF_AMPM), 2, flag == ' ' ? '_' : flag);
      case 'M' -> number(time.getMinute(), 2, flag);
      case 'S' -> number(time.getSecond(), 2, flag);
      case 'f' -> number(time.getNano() / 1000, 6, flag);
      case 'j' -> number(time.getDayOfYear(), 3, flag);
      case 'u' -> number(time.getDayOfWeek().getValue(), 1, flag);
      case 'w' -> number(time.getDayOfWeek().getValue() % 7, 1, flag);
      case 'U' ->
          number((time.getDayOfYear() + 6 - time.getDayOfWeek().getValue() % 7) / 7, 2, flag);
      case 'W' ->
          number((time.getDayOfYear() + 6 - (time.getDayOfWeek().getValue() - 1)) / 7, 2, flag);
      case 'V' -> number(time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), 2, flag);
      case 'G' -> number(time.get(IsoFields.WEEK_BASED_YEAR), 1, flag);
      default -> words(code);
    }
  }

  private void words(char code) {
    switch (code) {
      case 'B' -> out.append(time.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH));
      case 'b', 'h' ->
          out.append(time.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH), 0, 3);
      case 'A' -> out.append(time.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH));
      case 'a' ->
          out.append(time.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH), 0, 3);
      case 'p' -> out.append(time.getHour() < 12 ? "AM" : "PM");
      case 'P' -> out.append(time.getHour() < 12 ? "am" : "pm");
      case 's' -> out.append(time.toEpochSecond());
      // The time is a naive one in Python, which has no zone to print.
      case 'z', 'Z' -> {}
      case 'n' -> out.append('\n');
      case 't' -> out.append('\t');
      case '%' -> out.append('%');
      case 'D', 'x' -> append("%m/%d/%y");
      case 'F' -> append("%Y-%m-%d");
      case 'T', 'X' -> append("%H:%M:%S");
      case 'R' -> append("%H:%M");
      case 'r' -> append("%I:%M:%S %p");
      case 'c' -> append("%a %b %e %H:%M:%S %Y");
      default -> out.append('%').append(code);
    }
  }

  private void number(long value, int width, char flag) {
    String digits = Long.toString(value);
    String pad = flag == '_' ? " " : "0";
    out.append(flag == '-' ? "" : pad.repeat(Math.max(0, width - digits.length()))).append(digits);
  }
}
