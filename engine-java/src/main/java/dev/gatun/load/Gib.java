// Gib: sizes in GiB as people read them.
package dev.gatun.load;

import java.util.Locale;

final class Gib {
  private Gib() {}

  /** Two decimals and the unit. */
  static String of(long bytes) {
    return number(bytes) + " GiB";
  }

  /** As {@link #of}, where that is not 0.00. */
  static String orBytes(long bytes) {
    if (bytes >= (1L << 30) / 100) {
      return of(bytes);
    }
    return bytes == 1 ? "1 byte" : bytes + " bytes";
  }

  /** Two decimals. */
  static String number(long bytes) {
    return String.format(Locale.ROOT, "%.2f", bytes / (double) (1L << 30));
  }
}
