// Finding: what one check found.
package dev.gatun.verify;

import java.util.Locale;

/**
 * @param name what was checked
 * @param figure what was measured, and the bound it is held to
 */
public record Finding(boolean holds, String name, String figure) {

  static Finding atMost(String name, double measured, double bound) {
    // Not a number is above every bound.
    return new Finding(
        measured <= bound, name, String.format(Locale.ROOT, "%.1e (%.0e)", measured, bound));
  }

  /** A count that must be zero. */
  static Finding none(String name, long count, String what) {
    return new Finding(count == 0, name, count + " " + what + " (0)");
  }

  static Finding failed(String name, Exception failure) {
    String message = failure.getMessage();
    return new Finding(
        false, name, message == null ? failure.getClass().getSimpleName() : message.strip());
  }

  /** One line: ok or FAIL, the name, the figure. */
  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%-4s  %-56s %s", holds ? "ok" : "FAIL", name, figure);
  }
}
